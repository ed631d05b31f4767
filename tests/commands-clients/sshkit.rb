# SPDX-License-Identifier: ISC
# SSHKit: PORT USER KEY KNOWN LOCAL REMOTE: makes a directory, copies, and asks what there is.
require 'sshkit'

port, user, key, known, here, there = ARGV
SSHKit.config.output_verbosity = :error
host = SSHKit::Host.new(hostname: '127.0.0.1', port: port, user: user,
                        ssh_options: { keys: [key], keys_only: true, use_agent: false, config: false,
                                       verify_host_key: :always, user_known_hosts_file: known,
                                       global_known_hosts_file: [] })
SSHKit::Backend::Netssh.new(host) do
  execute "/bin/mkdir -p  #{there}/new"
  upload! "#{here}/up", "#{there}/up"
  upload! "#{here}/tree", there, recursive: true
  download! "#{there}/up", "#{here}/back"
  puts test("[ -d #{there}/new ]"), test("[ -d #{there}/none ]")
  puts capture("ls -d #{there}/new")
end.run

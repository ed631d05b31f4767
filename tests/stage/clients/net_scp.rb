# SPDX-License-Identifier: ISC
# net-scp: PORT USER KEY KNOWN put|get FLAGS SOURCE TARGET, r p in FLAGS.
require 'net/scp'

port, user, key, known, verb, flags, source, target = ARGV
options = { recursive: flags.include?('r'), preserve: flags.include?('p') }
ssh = { port: port.to_i, keys: [key], keys_only: true, use_agent: false, config: false,
        verify_host_key: :always, user_known_hosts_file: known, global_known_hosts_file: [] }
begin
  Net::SCP.start('127.0.0.1', user, ssh) do |scp|
    if verb == 'put'
      scp.upload!(source, target, options)
    else
      scp.download!(source, target, options)
    end
  end
rescue Net::SCP::Error => e
  # Closing the session raises an exception of its own, on top of that which says why.
  abort [e.cause, e].compact.map { |each| "#{each.class}: #{each.message}" }.join("\n")
end

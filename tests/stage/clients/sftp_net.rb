# SPDX-License-Identifier: ISC
# net-sftp: PORT USER KEY KNOWN, then words of put A B, get A B, rename A B, list A, times A N.
require "net/sftp"

port, user, key, known, *words = ARGV
Net::SFTP.start("127.0.0.1", user, port: port.to_i, keys: [key], keys_only: true, config: false,
                use_agent: false, user_known_hosts_file: known, non_interactive: true) do |sftp|
  until words.empty?
    verb, first = words.shift(2)
    case verb
    when "list" then sftp.dir.foreach(first) { |entry| puts entry.name }
    when "times" then n = words.shift.to_i; sftp.setstat!(first, atime: n, mtime: n)
    when "put" then sftp.upload!(first, words.shift)
    when "get" then sftp.download!(first, words.shift)
    else sftp.rename!(first, words.shift)
    end
  end
end

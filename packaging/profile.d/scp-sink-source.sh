# SPDX-License-Identifier: ISC
# Copy this to /etc/profile.d: sh, bash and other shells that read /etc/profile when they are login
# shells then find the scp of sshd_config.d/00-scp-every-account.conf.
PATH=/usr/lib/scp-sink-source:$PATH

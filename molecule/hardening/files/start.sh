#!/bin/sh
# Start on the virtual Pi what the role is about: sshd, with a key that lets the owner in; the timers of apt, which a virtual Pi
# has switched off; and a service that somebody forgot.
set -eu
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends openssh-client openssh-server >/dev/null
systemctl unmask --quiet apt-daily.timer apt-daily-upgrade.timer
install -d -o pi -g pi -m 0700 /home/pi/.ssh
ssh-keygen -q -t ed25519 -N '' -f /srv/key
install -o pi -g pi -m 0600 /srv/key.pub /home/pi/.ssh/authorized_keys
printf 'pi:a-password-for-ssh\n' | chpasswd
cat >/etc/systemd/system/forgotten.service <<'UNIT'
[Unit]
Description=A service that somebody forgot

[Service]
ExecStart=/usr/bin/python3 /srv/listen.py 9998

[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --quiet --now ssh.service forgotten.service

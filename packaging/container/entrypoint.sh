#!/bin/sh
# Starts the broker of a container with the files that images of RabbitMQ have: /etc/rabbitmq with
# rabbitmq.conf, conf.d/*.conf and enabled_plugins when something is mounted there, else /etc/lepus.
# RABBITMQ_DEFAULT_USER, _PASS and _VHOST make the first user, from a file with _FILE behind the
# name. Arguments are the broker's.
set -eu

# A secret that is mounted as a file.
for name in RABBITMQ_DEFAULT_USER RABBITMQ_DEFAULT_PASS RABBITMQ_DEFAULT_VHOST; do
    eval "file=\${${name}_FILE:-}"
    [ -z "$file" ] || { value=$(cat "$file"); export "$name=$value"; }
done

config=/etc/lepus/lepus.conf
if [ -n "${LEPUS_CONFIG_FILE:-}" ]; then
    config=$LEPUS_CONFIG_FILE
elif [ -e /etc/rabbitmq/rabbitmq.conf ]; then
    config=/etc/rabbitmq/rabbitmq.conf
elif [ -d /etc/rabbitmq/conf.d ]; then
    config=/etc/rabbitmq/conf.d
fi
if [ -z "${RABBITMQ_ENABLED_PLUGINS_FILE:-}" ] && [ -f /etc/rabbitmq/enabled_plugins ]; then
    export RABBITMQ_ENABLED_PLUGINS_FILE=/etc/rabbitmq/enabled_plugins
fi
# A user that is named for clients elsewhere would be of no use if it were guest: that one may
# connect from inside the container only, as with RabbitMQ.
exec "${LEPUS_PROGRAM:-/usr/bin/lepus}" --config "$config" "$@"

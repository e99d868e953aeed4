#!/usr/bin/env python3
"""Writes the seed inputs of fuzz_admin and fuzz_ctl into tests/fuzz/corpus/admin/ and ctl/.

    tests/fuzz/make_admin_corpus.py
"""
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
LISTS = ("queues", "exchanges", "bindings", "consumers", "connections", "channels", "vhosts",
         "users", "policies", "operator_policies", "vhost_limits", "user_limits", "permissions",
         "parameters", "global_parameters", "topic_permissions")

ADMIN = {
    "users": "add_user||ann|secret\nchange_password||ann|other\nset_user_tags||ann|administrator\n"
             "set_permissions|/|ann|^a|.*|\nset_topic_permissions|/|ann|amq.topic|^{username}|\n"
             "clear_password||ann\nclear_topic_permissions|/|ann|amq.topic\n"
             "clear_permissions|/|ann\nset_user_limits||ann|{\"max-connections\": 5}\n"
             "clear_user_limits||ann|all\ndelete_user||ann",
    "empty-names": "add_user|||x\nchange_password|||x\nclear_password||\ndelete_user||\n"
                   "add_vhost||\nset_policy|/||.*|{\"max-length\":1}\npurge_queue|/|\n"
                   "set_global_parameter|||1\nset_parameter|/|||{}",
    "vhosts": "add_vhost||v|--description=d|--default_queue_type=quorum\n"
              "update_vhost_metadata||v|--tags=a,b\nset_vhost_tags||v|c\n"
              "set_vhost_limits|v|{\"max-queues\":3}\nclear_vhost_limits|v\ntrace_on|v\n"
              "trace_off|v\ndelete_vhost||v\ndelete_vhost||/",
    "policies": "set_policy|/|p|^q|{\"max-length\":5,\"dead-letter-exchange\":\"x\"}|--priority=3|"
                "--apply_to=queues\nset_operator_policy|/|o|.*|{\"expires\":60000}\n"
                "set_parameter|/|operator_policy|o2|{\"pattern\":\"q\",\"definition\":"
                "[[\"max-length\",7]],\"priority\":1}\nclear_policy|/|p\n"
                "clear_parameter|/|operator_policy|o2\nclear_operator_policy|/|o",
    "parameters": "set_global_parameter||g|{\"a\":[1,2.5,null,\"x\"]}\nlist_global_parameters\n"
                  "clear_global_parameter||g\nset_parameter|/|vhost-limits|limits|"
                  "{\"max-connections\":-1}\nlist_parameters|/\nset_parameter|/|shovel|s|{}",
    "queues": "list_queues|/\npurge_queue|/|q\ndelete_queue|/|q|--if_unused=true\nlist_queues|/",
    "messages": "publish|/|a body|--routing_key=q|--properties={\"priority\":7,"
                "\"headers\":{\"a\":[1]}}\n"
                "publish|/|YQ==|--payload_encoding=base64|--exchange=amq.topic|"
                "--headers={\"b\":2.5}\n"
                "get|/|q|--count=3|--ack_mode=ack|--encoding=base64|--truncate=2\nget|/|q",
    "connections": "close_connection||<lepus@h.0.1.0>|why\nclose_all_connections|/|why|--limit=3\n"
                   "close_all_connections|/|why|--global=true\nclose_all_user_connections||guest|w",
    "limits": "set_vm_memory_high_watermark||0.4\nset_vm_memory_high_watermark||absolute|2GiB\n"
              "set_disk_free_limit||mem_relative|1.5\nset_disk_free_limit||18446744073709551615",
    "definitions": "import_definitions||{\"vhosts\":[{\"name\":\"v\"}],\"users\":[{\"name\":\"u\","
                   "\"password_hash\":\"\",\"tags\":\"\"}],\"queues\":[{\"name\":\"a\",\"vhost\":"
                   "\"v\",\"durable\":true,\"auto_delete\":false,\"arguments\":{}}]}\n"
                   "export_definitions",
    "app": "stop_app\nstart_app\neval||rabbit_alarm:set_alarm({{resource_limit, memory, node()}, "
           "[]}).\neval||application:set_env(rabbit, channel_max, 7).\neval||node().\nreload\n"
           "await_startup\nenvironment\nstatus\nstop_app\nstop",
    "lists": "\n".join(f"list_{name}" for name in LISTS),
    "health": "check_running\ncheck_alarms\nalarms\nlisteners\ncheck_port_listener||5672\n"
              "authenticate_user||guest|guest\nis_running\nserver_version\ncheck_virtual_hosts",
    "lists-of-a-user": "list_user_permissions||guest\nlist_user_topic_permissions||guest\n"
                       "list_user_limits||--user=guest\nlist_vhost_limits||--global=true",
    "json": '{"verb":"list_queues","vhost":"/","columns":["name","arguments","policy"],'
            '"arguments":[],"options":{}}\n{"verb":7}\n{"verb":"ping","options":{"a":1}}',
    "control-characters": '{"verb":"add_user","arguments":["\\u0000a\\u001b[2J","\\u0001"]}\n'
                          '{"verb":"add_vhost","arguments":["\\ud83d\\ude00"]}',
    "deep": "set_global_parameter||g|" + "[" * 200 + "]" * 200 + "\nexport_definitions",
}
CTL = {
    "list": "-q\n-p\n/\nlist_queues\nname,messages\n--formatter\njson\n--timeout=2.5",
    "delete": "delete_queue\nq\n-e\n--if-unused\n--vhost\nv",
    "policy": "set_policy\n--priority\n3\n--apply-to=queues\np\n^q\n{\"max-length\":5}",
    "help": "help\nlist_queues",
    "version": "--version",
    "unknown": "lst_queues\n--what=ever",
    "absent": "join_cluster\nrabbit@x",
    "dashes": "purge_queue\n--\n-q",
    "timeout": "ping\n-t\n1e308",
    "password": "add_user\nann",
    "user-tags": "set_user_tags\nann\n" + "\n".join(f"t{i}" for i in range(30)),
}


def write(folder, inputs):
    path = os.path.join(FOLDER, folder)
    os.makedirs(path, exist_ok=True)
    for name, text in inputs.items():
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    write("admin", ADMIN)
    write("ctl", CTL)

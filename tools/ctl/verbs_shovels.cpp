// The verbs that move messages and look at what moves: shovels, jobs, the live view.
#include <array>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

namespace {

constexpr std::array shovel_options{
    OptionSpec{"name", 0, "name", "name",
               "of one shovel of the virtual host, also one that has ended by itself"},
};
constexpr std::array move_options{
    OptionSpec{"from", 0, "queue", "from", "where the messages are"},
    OptionSpec{"to", 0, "queue", "to", "where they go; or"},
    OptionSpec{"to-exchange", 0, "exchange", "to_exchange", "the same, routed again; or"},
    OptionSpec{"to-origin", 0, "first|last", "to_origin",
               "dead letters go back to the queue where they died, the first or the last time"},
    OptionSpec{"to-key", 0, "key", "to_key", "of --to-exchange, in place of the messages' own"},
    OptionSpec{"to-vhost", 0, "vhost", "to_vhost", "of the target, when it is another one"},
    OptionSpec{"count", 0, "number", "count", "moves so many; without it all that are there"},
    OptionSpec{"rate", 0, "number", "rate", "messages a second at most"},
    OptionSpec{"died-in", 0, "queue", "died_in", "only dead letters of this queue"},
    OptionSpec{"reason", 0, "reason", "reason",
               "only those that died so: rejected, expired, maxlen, delivery_limit"},
    OptionSpec{"key", 0, "key", "key", "only those with this routing key"},
    OptionSpec{"message-id", 0, "id", "message_id", "only those with this message id"},
    OptionSpec{"name", 0, "name", "name", "of the shovel that does it; default: Move from QUEUE"},
};
constexpr std::array top_options{
    OptionSpec{"view", 0, "view", "", "queues (default), connections or shards"},
    OptionSpec{"sort", 0, "column", "", "sorts by this column, the largest first"},
    OptionSpec{"filter", 0, "text", "", "shows rows whose name has this text"},
    OptionSpec{"interval", 0, "seconds", "", "between two looks; default 2"},
    OptionSpec{"once", 0, "", "", "prints one look and ends"},
};
constexpr std::array follow_options{
    OptionSpec{"from", 0, "place", "",
               "where in the stream to begin: first, last, next (default: what comes), an offset, "
               "an age like 10m, a time like 2026-03-01T12:00:00Z"},
    OptionSpec{"count", 0, "number", "", "ends after so many messages"},
    OptionSpec{"once", 0, "", "", "ends when nothing more is there"},
    OptionSpec{"trace", 0, "", "",
               "messages published and delivered in a virtual host; see trace_on"},
    OptionSpec{"exchange", 0, "pattern", "", "of --trace, with * for any text: only these"},
    OptionSpec{"routing-key", 0, "pattern", "", "the same"},
    OptionSpec{"queue", 0, "pattern", "", "the same; one of those that a message was routed to"},
    OptionSpec{"user", 0, "pattern", "", "the same"},
};

constexpr std::array shovel_table{
    VerbSpec{section::monitoring, "top",
             "[--view queues|connections|shards] [--sort <column>] [--filter <text>] "
             "[--interval <seconds>] [--once] [--vhost <vhost>]",
             "Shows queues, connections or shards, refreshed every few seconds", 0, 0, false, true,
             Answer::local, "", top_options},
    VerbSpec{
        section::monitoring, "tail",
        "[--from first|last|next|<offset>|<age>|<time>] [--count <number>] [--once] "
        "[--vhost <vhost>] <stream> | --trace [--exchange <pattern>] [--routing-key <pattern>] "
        "[--queue <pattern>] [--user <pattern>] [--count <number>] [--once] [--vhost <vhost>]",
        "Prints the messages of a stream, or what is traced in a virtual host, as they come", 0, 1,
        false, true, Answer::local, "", follow_options},
    VerbSpec{section::parameters, "delete_shovel", "[--vhost <vhost>] <name>",
             "Deletes a shovel; what it has not moved stays", 1, 1, false, true, Answer::nothing,
             "Deleting shovel {0} in vhost {vhost} ..."},
    VerbSpec{section::parameters, "restart_shovel", "[--vhost <vhost>] <name>",
             "Ends the run of a shovel and begins another one", 1, 1, false, true, Answer::nothing,
             "Restarting shovel {0} in vhost {vhost} ..."},
    VerbSpec{section::parameters, "shovel_status", "[--name <name> --vhost <vhost>]",
             "Shows how each shovel is and what it has moved", 0, 0, false, true, Answer::table,
             "Shovel status on node {node}", shovel_options},
    VerbSpec{section::queues, "move_messages",
             "--from <queue> --to <queue>|--to-exchange <exchange>|--to-origin first|last "
             "[--count <number>] [--rate <number>] [--died-in <queue>] [--reason <reason>] "
             "[--key <key>] [--message-id <id>] [--vhost <vhost>]",
             "Moves messages of a queue by a shovel that ends by itself; shovel_status shows "
             "its progress, delete_shovel ends it",
             0, 0, false, true, Answer::value, "Moving messages in vhost '{vhost}', by the shovel",
             move_options},
};

}  // namespace

std::span<const VerbSpec> shovel_verbs() { return shovel_table; }

}  // namespace lepus::ctl

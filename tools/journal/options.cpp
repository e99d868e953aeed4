// The command line through CLI11, whose exceptions end here.
#include "tools/journal/options.h"

#include <CLI/CLI.hpp>

namespace lepus::journal {

namespace {

constexpr const char* footer =
    "Commands:\n"
    "  summary     files, segments, live and dead bytes, records by type, messages by queue\n"
    "  verify      reads everything; exit code 1 and a line for each problem when there is one\n"
    "  print       one line a record, in order\n"
    "  export      the messages that are there, as JSON, one object a line\n"
    "  kept-aside  directories with messages that an accepted loss took from the broker, with\n"
    "              their queues; each is a DATA_DIR for the other commands\n\n"
    "Nothing is ever written. While the broker runs, the end of the journal moves: what is said\n"
    "about it may be old by then.\n"
    "Exit codes: 0 fine, 1 problems found, 2 wrong command line or no journal there.";

}  // namespace

ParsedOptions parse_options(int argument_count, const char* const* arguments) {
  Options options;
  std::string command;
  CLI::App app("lepus-journal: looks into the journal of a Lepus data directory", "lepus-journal");
  app.footer(footer);
  app.add_option("DATA_DIR", options.data_directory, "The broker's data directory")->required();
  app.add_option("COMMAND", command, "summary, verify, print, export or kept-aside")
      ->required()
      ->check(CLI::IsMember({"summary", "verify", "print", "export", "kept-aside"}));
  app.add_option("--shard", options.shard, "Only this shard");
  app.add_option("--from", options.from, "print: begin at this sequence")->type_name("SEQ");
  app.add_option("--queue", options.queue, "export: only the queue with this id")->type_name("ID");
  app.add_flag("--bodies", options.bodies, "print: with the bodies of messages");
  app.set_version_flag("--version", "lepus-journal " LEPUS_VERSION);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, app.help(), 0};
  } catch (const CLI::CallForVersion&) {
    return {std::nullopt, "lepus-journal " LEPUS_VERSION "\n", 0};
  } catch (const CLI::ParseError& error) {
    return {std::nullopt,
            std::string("lepus-journal: ") + error.what() + "; see lepus-journal --help\n", 2};
  }
  options.command = command == "summary"  ? Command::summary
                    : command == "verify" ? Command::verify
                    : command == "print"  ? Command::print
                    : command == "export" ? Command::export_messages
                                          : Command::kept_aside;
  return {std::move(options), {}, 0};
}

}  // namespace lepus::journal

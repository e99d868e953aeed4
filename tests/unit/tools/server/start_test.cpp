// What happens before the broker runs: the command line and the data directory.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tools/server/config/options.h"
#include "tools/server/data_dir.h"

namespace lepus::server {
namespace {

Options parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "lepus");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, RunWithSettings) {
  const Options options = parse({"--config", "a.conf", "--set", "x=1", "--set", "y = 2"});
  EXPECT_EQ(options.command, Command::run);
  EXPECT_EQ(options.sources.file, "a.conf");
  EXPECT_EQ(options.sources.settings, (std::vector<std::string>{"x=1", "y = 2"}));
  EXPECT_EQ(options.sources.fallback_file, "/etc/lepus/lepus.conf");
  EXPECT_FALSE(options.sources.host_name.empty());
}

TEST(Options, Commands) {
  EXPECT_EQ(parse({"--check-config"}).command, Command::check_config);
  EXPECT_EQ(parse({"--print-placement"}).command, Command::print_placement);
  EXPECT_EQ(parse({"--list-config"}).command, Command::list_config);
  const Options to_file = parse({"--export-definitions", "out.json"});
  EXPECT_EQ(to_file.command, Command::export_definitions);
  EXPECT_EQ(to_file.export_target, "out.json");
  EXPECT_EQ(parse({"--export-definitions", "-"}).export_target, "-");
  EXPECT_EQ(parse({"--export-definitions"}).exit_code, 2);
  const Options version = parse({"--version"});
  EXPECT_EQ(version.command, Command::exit_now);
  EXPECT_EQ(version.text.substr(0, 6), "lepus ");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_NE(parse({"--help"}).text.find("--print-placement"), std::string::npos);
  EXPECT_EQ(parse({"--help"}).exit_code, 0);
}

TEST(Options, WrongCommandLine) {
  for (const char* argument : {"--nonsense", "stray"}) {
    const Options options = parse({argument});
    EXPECT_EQ(options.command, Command::exit_now) << argument;
    EXPECT_EQ(options.exit_code, 2) << argument;
    EXPECT_NE(options.text.find(argument), std::string::npos) << options.text;
  }
}

TEST(Options, JournalIsKnownByDeviceAndInode) {
  struct stat found {};
  ASSERT_EQ(fstat(STDERR_FILENO, &found), 0);
  const std::string own = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
  EXPECT_TRUE(is_journal_stream(own, STDERR_FILENO));
  EXPECT_FALSE(is_journal_stream("0:0", STDERR_FILENO));
  EXPECT_FALSE(is_journal_stream(own, -1));
  ConfigSources sources;
  EXPECT_TRUE(load_config(sources).config.log.console);
  sources.stderr_is_journal = true;
  EXPECT_TRUE(load_config(sources).config.log.journald);
  EXPECT_FALSE(load_config(sources).config.log.console);
  sources.settings = {"log.console=true", "log.journald=false"};
  EXPECT_TRUE(load_config(sources).config.log.console);
  EXPECT_FALSE(load_config(sources).config.log.journald);
}

TEST(DataDir, IsMadeAndBelongsToOne) {
  std::string base = testing::TempDir() + "lepus-data-XXXXXX";
  ASSERT_NE(mkdtemp(base.data()), nullptr);
  const std::string path = base + "/a/b";
  {
    DataDir first;
    EXPECT_EQ(first.open(path), "");
    DataDir second;
    EXPECT_EQ(second.open(path), "another lepus (pid " + std::to_string(getpid()) +
                                     ") uses data_dir " + path +
                                     "; stop it or set another data_dir");
  }
  DataDir third;
  EXPECT_EQ(third.open(path), "");
  DataDir below_a_file;
  EXPECT_EQ(below_a_file.open(path + "/lock/x"),
            "cannot make data_dir " + path +
                "/lock/x: Not a directory; set data_dir to a directory this user may write");
  std::filesystem::remove_all(base);
}

}  // namespace
}  // namespace lepus::server

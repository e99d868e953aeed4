// Completion scripts name every verb; the shells themselves read them in tests/ctl.
#include "tools/ctl/completion.h"

#include <gtest/gtest.h>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {
namespace {

TEST(Completion, EachShellKnowsEachVerb) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell);
    for (const VerbSpec& verb : verbs())
      EXPECT_NE(script.find(verb.name), std::string::npos) << shell << ' ' << verb.name;
    EXPECT_NE(script.find("routing-key"), std::string::npos) << shell;
    EXPECT_NE(script.find("messages_ready"), std::string::npos) << shell;
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

}  // namespace
}  // namespace lepus::ctl

// What definitions have that cannot be taken, and what the operator has to know about the rest. An
// import looks at every element before it ends, so that all problems are shown at once.
//
//   refuse(element)   on_unsupported = refuse: a problem, nothing is imported
//                     on_unsupported = skip: a warning, the import goes on without the element
//   fail(file)        a problem whatever is to be skipped
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

/// What becomes of an element that cannot be taken.
enum class OnUnsupported : std::uint8_t { refuse, skip };

class Findings {
 public:
  explicit Findings(OnUnsupported mode = OnUnsupported::refuse) : mode_(mode) {}

  /// "FILE: queues[3].type: what is wrong; what to do". The caller leaves the element out.
  void refuse(std::string_view text);
  void fail(std::string_view text);
  void warn(std::string_view text);
  /// The same of many elements: one warning with their number and the first one's path.
  void warn_of_each(std::string_view text, std::string_view path);

  /// True: what cannot be taken is left out, and the rest goes on.
  bool skips() const { return mode_ == OnUnsupported::skip; }
  /// False: nothing may be imported.
  bool ok() const { return problems_.count == 0; }
  /// One line each, at most limits::definition_findings_max; a last one counts the rest.
  std::vector<std::string> problems() const { return problems_.all("problems"); }
  std::vector<std::string> warnings() const;
  /// The problems, one a line; empty when there is none.
  std::string error() const;

 private:
  struct Lines {
    std::vector<std::string> first;
    std::size_t count = 0;
    void add(std::string_view text);
    std::vector<std::string> all(std::string_view label) const;
  };
  struct Many {
    std::size_t count = 0;
    std::string first;
  };

  OnUnsupported mode_;
  Lines problems_;
  Lines warnings_;
  std::map<std::string, Many, std::less<>> many_;
};

}  // namespace lepus::server

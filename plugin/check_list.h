// What was checked, a line for each, in groups: ok, failed with what is wrong and where to read on, a note that fails
// nothing, or skipped with the reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/io.h"

namespace migrate::plugin {

enum class Mark { ok, failed, note, skipped };

struct Check {
  Mark mark = Mark::ok;
  std::string what;
  std::string why = {};   // lines; one that begins with four blanks is to be copied and never broken
  std::string hint = {};  // where to read on
  bool operator==(const Check&) const = default;
};

// Prints each line as soon as it is known; where `output` asks for a document, that at the end and nothing before.
class CheckList {
 public:
  explicit CheckList(const Io& io, Output output = Output::text) : io_(io), output_(output) {}

  void group(std::string_view title);
  void add(Check check);
  void ok(std::string_view what);
  void failed(std::string_view what, std::string_view why, std::string_view hint);
  void note(std::string_view what, std::string_view why, std::string_view hint = {});
  void skipped(std::string_view what, std::string_view why);
  // The last line, or the document; true when nothing failed.
  bool conclude();

  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  struct Group {
    std::string title;
    std::vector<Check> checks;
  };
  [[nodiscard]] bool is_document() const { return output_ == Output::json || output_ == Output::yaml; }
  void print(const Check& check) const;
  void print_document() const;

  const Io& io_;
  Output output_;
  bool has_failed_ = false;
  std::vector<Group> groups_;
};

}  // namespace migrate::plugin

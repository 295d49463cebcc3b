// What was checked, a line for each, in groups: ok, failed with what is wrong and where to read on, a note that fails
// nothing, or skipped with the reason.
#pragma once

#include <string>
#include <string_view>

#include "plugin/io.h"

namespace migrate::plugin {

// Prints each line as soon as it is known.
class CheckList {
 public:
  explicit CheckList(const Io& io) : io_(io) {}

  void group(std::string_view title);
  void ok(std::string_view what);
  void failed(std::string_view what, std::string_view why, std::string_view hint);
  void note(std::string_view what, std::string_view why);
  void skipped(std::string_view what, std::string_view why);
  // The last line; true when nothing failed.
  bool conclude();

  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  enum class Mark { ok, failed, note, skipped };
  void line(Mark mark, std::string_view what, std::string_view why = {}, std::string_view hint = {});

  const Io& io_;
  bool has_failed_ = false;
  bool is_first_ = true;
};

}  // namespace migrate::plugin

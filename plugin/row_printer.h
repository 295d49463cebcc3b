// Rows in columns, as kubectl prints them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace migrate::plugin {

// Three spaces between columns, none behind the last. Rows that come later stand below the earlier ones, as far as
// they fit.
class RowPrinter {
 public:
  using Row = std::vector<std::string>;
  explicit RowPrinter(std::ostream& stream) : stream_(stream) {}

  void print(const std::vector<Row>& rows);

 private:
  std::ostream& stream_;
  std::vector<std::size_t> widths_;  // of columns, with what is between
};

}  // namespace migrate::plugin

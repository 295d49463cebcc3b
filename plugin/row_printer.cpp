#include "plugin/row_printer.h"

#include <algorithm>
#include <ostream>

#include "plugin/format.h"

namespace migrate::plugin {

void RowPrinter::print(const std::vector<Row>& rows) {
  constexpr std::size_t kBetween = 3;
  constexpr std::size_t kLeast = 6;
  std::vector<Row> shown;
  shown.reserve(rows.size());
  for (const Row& row : rows) {
    Row& cells = shown.emplace_back();
    cells.reserve(row.size());
    widths_.resize(std::max(widths_.size(), row.size()), kLeast);
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(one_line(row[i]));
      widths_[i] = std::max(widths_[i], characters(cells.back()) + kBetween);
    }
  }
  for (const Row& cells : shown) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      stream_ << (i + 1 < cells.size() ? padded(cells[i], widths_[i]) : cells[i]);
    stream_ << '\n';
  }
  stream_.flush();
}

}  // namespace migrate::plugin

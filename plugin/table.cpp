#include "plugin/table.h"

#include <algorithm>

#include "plugin/format.h"

namespace migrate::plugin {
namespace {

// kubectl's distance between columns, and what it shrinks to where that helps.
constexpr std::size_t kGap = 3;
constexpr std::size_t kNarrowGap = 2;

std::vector<std::size_t> widths_of(const std::vector<TableRow>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const TableRow& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], characters(row[i]));
  return widths;
}

std::string line_of(const TableRow& row, const std::vector<std::size_t>& widths, std::size_t gap, std::size_t begin,
                    std::size_t end) {
  std::string line = row.front();
  std::size_t filled = widths.front();
  for (std::size_t i = begin; i < end; ++i) {
    line = padded(line, filled + gap) + row[i];
    filled += gap + widths[i];
  }
  return line;
}

}  // namespace

std::vector<std::string> table(const std::vector<TableRow>& rows, std::size_t width) {
  const std::vector<std::size_t> widths = widths_of(rows);
  std::size_t whole = widths.front();
  for (std::size_t i = 1; i < widths.size(); ++i)
    whole += kGap + widths[i];
  const std::size_t gap = whole <= width ? kGap : kNarrowGap;

  std::vector<std::string> lines;
  std::size_t begin = 1;
  do {
    std::size_t end = begin;
    std::size_t filled = widths.front();
    for (; end < widths.size() && (end == begin || filled + gap + widths[end] <= width); ++end)
      filled += gap + widths[end];
    if (!lines.empty()) lines.emplace_back();
    for (const TableRow& row : rows)
      lines.push_back(line_of(row, widths, gap, begin, end));
    begin = end;
  } while (begin < widths.size());
  return lines;
}

}  // namespace migrate::plugin

#include "test/unit/plugin/screen.h"

#include <algorithm>
#include <charconv>

namespace migrate::test {
namespace {

struct Cell {
  std::string text = " ";  // one character, UTF-8
  std::string look;        // the sequence that gave it its colour; empty: none
};
using Line = std::vector<Cell>;

class Screen {
 public:
  explicit Screen(std::size_t columns) : columns_(columns) {}

  void show(std::string_view bytes) {
    while (!bytes.empty())
      bytes.remove_prefix(take(bytes));
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    all.reserve(lines_.size());
    for (const Line& line : lines_)
      all.push_back(text_of(line));
    while (!all.empty() && all.back().empty())
      all.pop_back();
    return all;
  }

 private:
  // How many bytes were understood.
  std::size_t take(std::string_view bytes) {
    switch (bytes.front()) {
      case '\n':  // as the terminal's driver sends it, behind a return
        ++row_;
        return 1;
      case '\r':
        column_ = 0;
        return 1;
      case '\t':
        do
          put(" ");
        while (column_ % 8 != 0);
        return 1;
      case '\x1b':
        return control(bytes);
      default:
        break;
    }
    std::size_t length = 1;
    while (length < bytes.size() && (static_cast<unsigned char>(bytes[length]) & 0xC0U) == 0x80U)
      ++length;
    put(bytes.substr(0, length));
    return length;
  }

  std::size_t control(std::string_view bytes) {
    const std::size_t end = bytes.find_first_not_of("0123456789;", 2);
    if (bytes.size() < 3 || bytes[1] != '[' || end == std::string_view::npos) {
      put("^[");
      return 1;
    }
    const std::string_view numbers = bytes.substr(2, end - 2);
    switch (bytes[end]) {
      case 'A':
        row_ -= std::min(row_, number_in(numbers));
        break;
      case 'J':
        erase_line();
        if (lines_.size() > row_ + 1) lines_.resize(row_ + 1);
        break;
      case 'K':
        erase_line();
        break;
      case 'm':
        look_ = numbers.empty() || numbers == "0" ? "" : "^[[" + std::string(numbers) + "m";
        break;
      default:
        put("^[");
        return 1;
    }
    return end + 1;
  }

  static std::size_t number_in(std::string_view text) {
    std::size_t number = 1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  void put(std::string_view text) {
    // Behind the last column the next line begins only when something follows.
    if (column_ == columns_) {
      ++row_;
      column_ = 0;
    }
    Line& line = here();
    line.resize(std::max(line.size(), column_ + 1));
    line[column_++] = {std::string(text), look_};
  }

  // From the cursor on. Behind the last column it stands on that.
  void erase_line() {
    Line& line = here();
    line.resize(std::min(line.size(), std::min(column_, columns_ - 1)));
  }

  Line& here() {
    lines_.resize(std::max(lines_.size(), row_ + 1));
    return lines_[row_];
  }

  static std::string text_of(const Line& line) {
    std::string text;
    std::string look;
    for (const Cell& cell : line) {
      if (cell.look != look) text += cell.look.empty() ? "^[[0m" : cell.look;
      look = cell.look;
      text += cell.text;
    }
    if (!look.empty()) text += "^[[0m";
    while (text.ends_with(' '))
      text.pop_back();
    return text;
  }

  std::size_t columns_;
  std::vector<Line> lines_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::string look_;
};

}  // namespace

std::vector<std::string> screen_of(std::string_view bytes, std::size_t columns) {
  Screen screen{columns};
  screen.show(bytes);
  return screen.lines();
}

}  // namespace migrate::test

#include "plugin/terminal.h"

#include <fmt/format.h>

#include <ostream>

namespace migrate::plugin {

void LiveArea::clear() {
  if (height_ > 0) stream_ << fmt::format("\x1b[{}A", height_);
  stream_ << "\r\x1b[J";
  height_ = 0;
}

void LiveArea::draw(std::vector<std::string> lines, const ScreenSize& size) {
  const std::size_t most = size.rows > 1 ? size.rows - 1 : 1;
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  // One write for all, so that no half picture is seen. Lines are cleared behind their text: nothing flickers.
  std::string text;
  if (height_ > 0) text = fmt::format("\x1b[{}A", height_);
  text += "\r";
  for (const std::string& line : lines)
    text += line + "\x1b[K\n";
  text += "\x1b[J";
  stream_ << text;
  stream_.flush();
  height_ = lines.size();
  drawn_ = std::move(lines);
}

void LiveArea::print_above(const std::string& line) {
  if (height_ == 0) {
    stream_ << line << '\n';
    stream_.flush();
    return;
  }
  clear();
  stream_ << line << '\n';
  for (const std::string& one : drawn_)
    stream_ << one << '\n';
  stream_.flush();
  height_ = drawn_.size();
}

}  // namespace migrate::plugin

// Some lines of a terminal that are drawn again and again in the same place. The cursor is never hidden, so whatever
// ends us leaves the terminal as it was.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "plugin/io.h"

namespace migrate::plugin {

class LiveArea {
 public:
  explicit LiveArea(std::ostream& stream) : stream_(stream) {}

  // In place of what was drawn before. What is taller than the screen shows its end: the cursor cannot go back beyond
  // the upper edge.
  void draw(std::vector<std::string> lines, const ScreenSize& size);
  // Above the area, to stay.
  void print_above(const std::string& line);
  // What is drawn stays; the next drawing begins below it.
  void leave() { height_ = 0; }

 private:
  void clear();
  std::ostream& stream_;
  std::size_t height_ = 0;
  std::vector<std::string> drawn_;
};

}  // namespace migrate::plugin

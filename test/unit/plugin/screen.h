// What a terminal shows of the bytes that a program has written to it, as far as our programs steer one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace migrate::test {

// Lines from the first one ever shown to the last, with no blanks at their ends. What is longer than `columns` goes on
// in the next line. Colours stand as they were asked for, with "^[" for the escape character ("^[[32m"); so does what
// is not understood.
[[nodiscard]] std::vector<std::string> screen_of(std::string_view bytes, std::size_t columns);

}  // namespace migrate::test

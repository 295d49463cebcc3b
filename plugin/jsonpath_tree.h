// A jsonpath template, read. Internal to jsonpath.h.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/result.h"

namespace migrate::plugin::jsonpath {

struct Node;
// Each takes what the one before it found.
using Path = std::vector<Node>;

// A text or number of its own, whatever was found before.
struct Literal {
  nlohmann::json value;
};
struct Field {
  std::string name;
};
// [from:to:step]
struct Slice {
  std::optional<long> from;
  std::optional<long> to;
  std::optional<long> step;
  bool is_one = false;  // [from]: `to` follows from it
};
struct Wildcard {};
struct Recursive {};
struct Union {
  std::vector<Path> paths;
};
struct Filter {
  Path left;
  std::string operator_;  // "exists", "==", …
  Path right;
};
struct Range {};
struct End {};

struct Node {
  std::variant<Literal, Field, Slice, Wildcard, Recursive, Union, Filter, Range, End> what;
};

// A text, or what stands in one pair of braces.
struct Template {
  std::vector<Path> parts;
};

[[nodiscard]] Result<Template> read(std::string_view text);

}  // namespace migrate::plugin::jsonpath

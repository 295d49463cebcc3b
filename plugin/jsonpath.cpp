// The tree of a template, carried out in the order of client-go's jsonpath.go.
#include "plugin/jsonpath.h"

#include <fmt/format.h>

#include <utility>
#include <variant>
#include <vector>

#include "plugin/jsonpath_tree.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
using jsonpath::Path;
using Found = std::vector<const Json*>;

const Json kNull;

// A value's type as Go names it, for its sentences.
std::string_view go_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "map[string]interface {}";
    case Json::value_t::string:
      return "string";
    case Json::value_t::boolean:
      return "bool";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "int64";
    case Json::value_t::number_float:
      return "float64";
    default:
      return "[]interface {}";
  }
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string text;
  for (const char c : dumped(value)) {
    // As Go writes JSON, fit to stand in HTML.
    if (c == '<' || c == '>' || c == '&') {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text += c;
    }
  }
  // Go's 3.0 is 3.
  if (value.is_number_float() && text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

enum class Basic { other, boolean, integer, real, text };

Basic kind_of(const Json& value) {
  if (value.is_boolean()) return Basic::boolean;
  if (value.is_number_integer()) return Basic::integer;
  if (value.is_number_float()) return Basic::real;
  return value.is_string() ? Basic::text : Basic::other;
}

Result<bool> compare(const Json& left, const std::string& sign, const Json& right) {
  const Basic kind = kind_of(left);
  const bool is_order = sign.find_first_of("<>") != std::string::npos;
  if (kind == Basic::other || kind_of(right) == Basic::other || (is_order && kind == Basic::boolean))
    return failure("invalid type for comparison");
  if (kind != kind_of(right)) return failure("incompatible types for comparison");
  if (sign == "==") return left == right;
  if (sign == "!=") return left != right;
  if (sign == "<") return left < right;
  if (sign == "<=") return left <= right;
  if (sign == ">") return left > right;
  if (sign == ">=") return left >= right;
  return failure("unrecognized filter operator " + sign);
}

class Evaluation {
 public:
  Evaluation(const jsonpath::Template& made, const Json& object) : parts_(made.parts), object_(object) {}

  Result<std::string> run() {
    if (auto good = blocks({&object_}, 0, true); !good) return tl::make_unexpected(good.error());
    return std::move(out_);
  }

 private:
  // The parts from `first` on, to the end of the range that they are in. Without printing, only that end is looked for.
  Result<void> blocks(const Found& at, std::size_t first, bool prints) {
    for (std::size_t i = first; i < parts_.size(); ++i) {
      auto found = walk(at, parts_[i]);
      if (!found) return tl::make_unexpected(found.error());
      if (ends_ > 0 && ends_ <= depth_) {
        --ends_;
        last_end_ = i;
        return {};
      }
      if (begins_ == 0) {
        if (prints) print(*found);
        continue;
      }
      --begins_;
      ++depth_;
      const bool is_empty = found->empty();
      if (is_empty) found->push_back(&kNull);
      for (const Json* one : *found)
        if (auto good = blocks({one}, i + 1, prints && !is_empty); !good) return good;
      --depth_;
      if (last_end_ > i) i = last_end_;
    }
    return {};
  }

  void print(const Found& found) {
    for (std::size_t i = 0; i < found.size(); ++i)
      out_ += (i > 0 ? " " : "") + text_of(*found[i]);
  }

  Result<Found> walk(Found at, const Path& path) {
    for (const jsonpath::Node& node : path) {
      auto next = std::visit([&](const auto& one) { return step(at, one); }, node.what);
      if (!next) return next;
      at = std::move(*next);
    }
    return at;
  }

  static Result<Found> step(const Found&, const jsonpath::Literal& literal) { return Found{&literal.value}; }

  static Result<Found> step(const Found& at, const jsonpath::Field& field) {
    Found found;
    for (const Json* one : at)
      if (one->is_object())
        if (const auto member = one->find(field.name); member != one->end()) found.push_back(&*member);
    return found;
  }

  static Result<Found> step(const Found& at, const jsonpath::Slice& slice) {
    Found found;
    for (const Json* one : at) {
      if (one->is_null()) continue;
      if (!one->is_array()) return failure(fmt::format("{} is not array or slice", go_type(*one)));
      const long size = static_cast<long>(one->size());
      long from = slice.from.value_or(0);
      long to = slice.is_one ? from + 1 : slice.to.value_or(size);
      if (from < 0) from += size;
      if (to < 0 || (to == 0 && slice.is_one)) to += size;
      if (to == from) return found;
      for (const auto& [index, most] : {std::pair{from, size - 1}, {to, size}})
        if (index > most || index < 0)
          return failure(
              fmt::format("array index out of bounds: index {}, length {}", most == size ? index - 1 : index, size));
      if (from > to) return failure(fmt::format("starting index {} is greater than ending index {}", from, to));
      const long every = slice.step.value_or(1);
      if (every <= 0) return failure("step must be > 0");
      for (long i = from; i < to; i += every)
        found.push_back(&(*one)[static_cast<std::size_t>(i)]);
    }
    return found;
  }

  static Result<Found> step(const Found& at, const jsonpath::Wildcard&) {
    Found found;
    for (const Json* one : at)
      if (one->is_structured())
        for (const Json& member : *one)
          found.push_back(&member);
    return found;
  }

  // Whatever holds something, the outer ones first.
  static Result<Found> step(const Found& at, const jsonpath::Recursive& all) {
    Found found;
    for (const Json* one : at) {
      if (one->is_string() && !one->get_ref<const std::string&>().empty()) found.push_back(one);
      if (!one->is_structured() || one->empty()) continue;
      found.push_back(one);
      Found members;
      for (const Json& member : *one)
        members.push_back(&member);
      const auto below = step(members, all);
      found.insert(found.end(), below->begin(), below->end());
    }
    return found;
  }

  Result<Found> step(const Found& at, const jsonpath::Union& all) {
    Found found;
    for (const Path& path : all.paths) {
      auto one = walk(at, path);
      if (!one) return one;
      found.insert(found.end(), one->begin(), one->end());
    }
    return found;
  }

  Result<Found> step(const Found& at, const jsonpath::Filter& filter) {
    Found found;
    for (const Json* list : at) {
      if (!list->is_array())
        return failure(fmt::format("{} is not array or slice and cannot be filtered", text_of(*list)));
      for (const Json& item : *list) {
        const auto fits = passes(item, filter);
        if (!fits) return tl::make_unexpected(fits.error());
        if (*fits) found.push_back(&item);
      }
    }
    return found;
  }

  Result<bool> passes(const Json& item, const jsonpath::Filter& filter) {
    const auto left = walk({&item}, filter.left);
    if (filter.operator_ == "exists") return left && !left->empty();
    if (!left) return tl::make_unexpected(left.error());
    const auto right = walk({&item}, filter.right);
    if (!right) return tl::make_unexpected(right.error());
    if (left->empty() || right->empty()) return false;
    if (left->size() > 1 || right->size() > 1) return failure("can only compare one element at a time");
    return compare(*left->front(), filter.operator_, *right->front());
  }

  Result<Found> step(const Found& at, const jsonpath::Range&) {
    ++begins_;
    return at;
  }

  Result<Found> step(const Found&, const jsonpath::End&) {
    ++ends_;
    return Found{};
  }

  const std::vector<Path>& parts_;
  const Json& object_;
  std::string out_;
  std::size_t begins_ = 0;  // ranges, of the part that was just walked
  std::size_t ends_ = 0;
  std::size_t depth_ = 0;
  std::size_t last_end_ = 0;
};

}  // namespace

Result<void> check_jsonpath(const std::string& text) {
  return jsonpath::read(text).map([](const auto&) {});
}

Result<std::string> apply_jsonpath(const std::string& text, const Json& object) {
  const auto made = jsonpath::read(text);
  if (!made) return tl::make_unexpected(made.error());
  auto printed = Evaluation{*made, object}.run();
  if (printed) return printed;
  return failure(
      fmt::format("error executing jsonpath {}: Error executing template: {}. Printing more information for "
                  "debugging the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine "
                  "was:\n\t\t{}\n",
                  dumped(text), printed.error().message, text, dumped(object)));
}

}  // namespace migrate::plugin

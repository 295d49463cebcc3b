// From a template's text to its tree, in the order of client-go's parser.go.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

#include "plugin/jsonpath_tree.h"

namespace migrate::plugin::jsonpath {
namespace {

constexpr char kEnd = '\0';

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Letters beyond ASCII count as letters.
bool is_word(char c) {
  return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80U;
}

bool is_terminator(char c) {
  return std::string_view(" \t\r\n.,[]$@{}").find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What a backslash and `letter` stand for in a quoted text; nothing: that is no escape.
std::optional<char> escaped(char letter, char quote) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (letter == quote) return letter;
  const std::size_t at = kLetters.find(letter);
  return at != std::string_view::npos ? std::optional{kMeanings[at]} : std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  // Texts and braces in turn.
  Result<Template> whole() {
    Template made;
    while (at_ < text_.size()) {
      const std::size_t brace = std::min(text_.find('{', at_), text_.size());
      if (brace > at_) made.parts.push_back({Node{Literal{std::string(text_.substr(at_, brace - at_))}}});
      at_ = brace;
      if (at_ == text_.size()) break;
      ++at_;
      Path path;
      if (auto good = action(path); !good) return tl::make_unexpected(good.error());
      made.parts.push_back(std::move(path));
    }
    return made;
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : kEnd; }

  // Up to and with the closing brace.
  Result<void> action(Path& path) {
    for (;;) {
      if (rest().starts_with('}')) {
        ++at_;
        return {};
      }
      Result<void> good;
      const char c = peek();
      if (at_ == text_.size() || c == '\r' || c == '\n') return failure("unclosed action");
      if (rest().starts_with("[?(")) {
        good = filter(path);
      } else if (rest().starts_with("..")) {
        good = recursive(path);
      } else if (c == ' ' || c == '@' || c == '$') {
        ++at_;  // the object at hand, which is where every path begins
      } else if (c == '[') {
        good = array(path);
      } else if (c == '"' || c == '\'') {
        good = quoted(path, c);
      } else if (c == '.') {
        ++at_;
        field(path);
      } else if (c == '+' || c == '-' || is_digit(c)) {
        good = number(path);
      } else if (is_word(c)) {
        good = identifier(path);
      } else {
        return failure(fmt::format("unrecognized character in action: U+{:04X} '{}'", static_cast<unsigned>(c), c));
      }
      if (!good) return good;
    }
  }

  void field(Path& path) {
    std::string name;
    for (; at_ < text_.size() && !is_terminator(text_[at_]); ++at_)
      if (text_[at_] != '\\' || ++at_ < text_.size()) name += text_[at_];
    if (name == "*") path.push_back({Wildcard{}});
    if (name != "*") path.push_back({Field{std::move(name)}});
  }

  Result<void> recursive(Path& path) {
    if (!path.empty() && std::holds_alternative<Recursive>(path.back().what))
      return failure("invalid multiple recursive descent");
    at_ += 2;
    path.push_back({Recursive{}});
    if (is_word(peek())) field(path);
    return {};
  }

  Result<void> identifier(Path& path) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_terminator(text_[at_]))
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word == "true" || word == "false") {
      path.push_back({Literal{word == "true"}});
    } else if (word == "range") {
      ++ranges_;
      path.push_back({Range{}});
    } else if (word == "end") {
      if (ranges_ == 0) return failure("not in range, nothing to end");
      --ranges_;
      path.push_back({End{}});
    } else {
      return failure(fmt::format("unrecognized identifier {}", word));
    }
    return {};
  }

  Result<void> number(Path& path) {
    const std::size_t begin = at_++;
    while (is_digit(peek()) || peek() == '.')
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (const auto whole = number_in<std::int64_t>(word)) {
      path.push_back({Literal{*whole}});
    } else if (const auto real = number_in<double>(word)) {
      path.push_back({Literal{*real}});
    } else {
      return failure(fmt::format("cannot parse number {}", word));
    }
    return {};
  }

  Result<void> quoted(Path& path, char quote) {
    const std::size_t begin = at_++;
    std::string value;
    bool is_good = true;
    for (;; ++at_) {
      if (at_ == text_.size() || text_[at_] == '\n') return failure("unterminated quoted string");
      if (text_[at_] == quote) break;
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      const auto meant = ++at_ < text_.size() ? escaped(text_[at_], quote) : std::nullopt;
      is_good = is_good && meant;
      value += meant.value_or(' ');
      if (at_ == text_.size()) return failure("unterminated quoted string");
    }
    ++at_;
    if (!is_good)
      return failure(fmt::format("unquote string {} error invalid syntax", text_.substr(begin, at_ - begin)));
    path.push_back({Literal{std::move(value)}});
    return {};
  }

  // The first "]" ends it, also within quotes.
  Result<void> array(Path& path) {
    const std::size_t end = text_.find_first_of("]\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') return failure("unterminated array");
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (inner.find(',') != std::string_view::npos) return union_of(inner, path);
    const bool is_key =
        inner.size() >= 2 && inner.front() == '\'' && inner.back() == '\'' && inner.find('\'', 1) == inner.size() - 1;
    if (is_key) return append(fmt::format("{{.{}}}", inner.substr(1, inner.size() - 2)), path);
    return slice(inner == "*" ? ":" : inner, path);
  }

  static Result<void> append(const std::string& text, Path& path) {
    auto more = read_one(text);
    if (!more) return tl::make_unexpected(more.error());
    std::move(more->begin(), more->end(), std::back_inserter(path));
    return {};
  }

  static Result<Path> read_one(const std::string& text) {
    auto made = Parser{text}.whole();
    if (!made) return tl::make_unexpected(made.error());
    return std::move(made->parts.front());
  }

  static Result<void> union_of(std::string_view inner, Path& path) {
    Union made;
    for (std::size_t begin = 0; begin <= inner.size();) {
      const std::size_t end = std::min(inner.find(',', begin), inner.size());
      auto one = read_one(fmt::format("{{[{}]}}", trimmed(inner.substr(begin, end - begin))));
      if (!one) return tl::make_unexpected(one.error());
      made.paths.push_back(std::move(*one));
      begin = end + 1;
    }
    path.push_back({std::move(made)});
    return {};
  }

  static Result<void> slice(std::string_view inner, Path& path) {
    Slice made;
    std::optional<long>* const places[] = {&made.from, &made.to, &made.step};
    std::size_t begin = 0;
    std::size_t place = 0;
    for (; begin <= inner.size(); ++place) {
      const std::size_t end = std::min(inner.find(':', begin), inner.size());
      const std::string_view word = inner.substr(begin, end - begin);
      begin = end + 1;
      const std::string_view digits = word.starts_with('-') ? word.substr(1) : word;
      if (place >= std::size(places) || !std::all_of(digits.begin(), digits.end(), is_digit))
        return failure(fmt::format("invalid array index {}", inner));
      if (word.empty()) continue;
      *places[place] = number_in<long>(word);
      if (!*places[place]) return failure(fmt::format("array index {} is not a number", word));
    }
    made.is_one = place == 1;
    path.push_back({made});
    return {};
  }

  Result<void> filter(Path& path) {
    at_ += std::string_view("[?(").size();
    const std::size_t begin = at_;
    // A parenthesis within the quoted right side does not end it.
    char quote = kEnd;
    bool is_closed = false;
    for (;; ++at_) {
      const char c = peek();
      if (at_ == text_.size() || c == '\n') return failure("unterminated filter");
      const bool is_quote = c == '"' || c == '\'';
      if (is_quote && quote == kEnd) {
        quote = c;
      } else if (is_quote) {
        is_closed = is_closed || (c == quote && text_[at_ - 1] != '\\');
      } else if (c == ')' && (quote != kEnd) == is_closed) {
        break;
      }
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    ++at_;
    if (peek() != ']') return failure("unclosed array expect ]");
    ++at_;
    return compared(text, path);
  }

  static Result<void> compared(std::string_view text, Path& path) {
    constexpr std::string_view kSigns = "!<>=";
    const std::size_t sign = std::min(text.find_first_of(kSigns), text.size());
    std::size_t after = std::min(text.find_first_not_of(kSigns, sign), text.size());
    if (after == text.size() && after > sign + 1) --after;  // something must stand on the right
    const bool is_comparison = sign > 0 && sign < text.size() && after < text.size();
    Filter made;
    made.operator_ = is_comparison ? std::string(text.substr(sign, after - sign)) : "exists";
    auto left = read_one(fmt::format("{{{}}}", is_comparison ? text.substr(0, sign) : text));
    if (!left) return tl::make_unexpected(left.error());
    made.left = std::move(*left);
    if (is_comparison) {
      auto right = read_one(fmt::format("{{{}}}", text.substr(after)));
      if (!right) return tl::make_unexpected(right.error());
      made.right = std::move(*right);
    }
    path.push_back({std::move(made)});
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t ranges_ = 0;  // begun and not ended
};

}  // namespace

Result<Template> read(std::string_view text) {
  return Parser{text}.whole();
}

}  // namespace migrate::plugin::jsonpath

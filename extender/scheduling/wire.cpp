#include "extender/scheduling/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "shared/migration/names.h"

namespace migrate::scheduling {
namespace {

using Json = nlohmann::json;

bool same_key(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return one.size() == other.size() &&
         std::equal(one.begin(), one.end(), other.begin(), [&](char a, char b) { return lower(a) == lower(b); });
}

// Of a Pod's text what is wanted, without a document of it.
class PodReader final : public nlohmann::json_sax<Json> {
 public:
  PodInfo pod;
  std::string trouble;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool string(string_t& value) override {
    switch (place()) {
      case Place::metadata:
        if (key_ == "name") pod.name = value;
        if (key_ == "namespace") pod.namespace_ = value;
        break;
      case Place::labels:
        if (key_ == kMigrationLabel) pod.migration = value;
        break;
      case Place::annotations:
        if (key_ == kRestoreAnnotation) pod.restore = value;
        if (key_ == kPreferNodesAnnotation) pod.prefer_nodes = value;
        break;
      default:
        break;
    }
    return true;
  }

  bool start_object(std::size_t) override {
    Place inside = Place::elsewhere;
    if (path_.empty()) inside = Place::pod;
    if (place() == Place::pod && key_ == "metadata") inside = Place::metadata;
    if (place() == Place::metadata && key_ == "labels") inside = Place::labels;
    if (place() == Place::metadata && key_ == "annotations") inside = Place::annotations;
    path_.push_back(inside);
    return true;
  }
  bool key(string_t& name) override {
    if (place() != Place::elsewhere) key_ = name;
    return true;
  }
  bool end_object() override {
    path_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override {
    path_.push_back(Place::elsewhere);
    return true;
  }
  bool end_array() override { return end_object(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    trouble = error.what();
    return false;
  }

 private:
  enum class Place { outside, pod, metadata, labels, annotations, elsewhere };
  [[nodiscard]] Place place() const { return path_.empty() ? Place::outside : path_.back(); }

  std::vector<Place> path_;
  std::string key_;
};

// The outermost object and the list of names by hand, from quote to quote: a parser that looks at every character
// takes longer for 5,000 names than filtering them. The Pod is left to the library.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<ExtenderArgs> read() {
    ExtenderArgs args;
    bool saw_names = false;
    if (!take('{')) return broken("an object is expected");
    for (bool first = true; !take('}'); first = false) {
      if (!first && !take(',')) return broken("a comma is expected");
      const auto key = take_text();
      if (!key || !take(':')) return broken("a key is expected");
      skip_space();
      if (same_key(*key, "NodeNames") && peek() == '[') {
        saw_names = true;
        const std::size_t begin = at_;
        if (!take_names(args.nodes)) return broken("node names are expected");
        args.names_text = text_.substr(begin, at_ - begin);
        // No name of a node needs an escape; asked once of all of them, as this takes longer name by name.
        if (has_escape(args.names_text)) return broken("node names are expected");
        continue;
      }
      const std::size_t begin = at_;
      if (!skip_value()) return broken("a value is expected");
      if (!same_key(*key, "Pod")) continue;
      const std::string_view pod = text_.substr(begin, at_ - begin);
      PodReader reader;
      if (!Json::sax_parse(pod.begin(), pod.end(), &reader)) return broken("its Pod: " + reader.trouble);
      args.pod = std::move(reader.pod);
    }
    skip_space();
    if (at_ != text_.size()) return broken("nothing more is expected");
    if (saw_names) return args;
    return failure(
        "the scheduler sent no NodeNames: set nodeCacheCapable: true for this extender in its "
        "KubeSchedulerConfiguration");
  }

 private:
  [[nodiscard]] tl::unexpected<Error> broken(const std::string& what) const {
    return failure(fmt::format("read the scheduler's ExtenderArgs, byte {}: {}", at_, what));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char expected) {
    skip_space();
    if (peek() != expected) return false;
    ++at_;
    return true;
  }

  static bool has_escape(std::string_view text) { return text.find('\\') != std::string_view::npos; }

  // Up to the next quote, which ends the text unless there is an escape in it.
  std::optional<std::string_view> take_quoted() {
    if (!take('"')) return std::nullopt;
    const std::size_t end = text_.find('"', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }
  // A text without escapes: the keys we look for have none.
  std::optional<std::string_view> take_text() {
    const auto inside = take_quoted();
    return inside && has_escape(*inside) ? std::nullopt : inside;
  }

  bool take_names(NodeNames& names) {
    if (!take('[')) return false;
    if (take(']')) return true;
    names.reserve(1024);
    do {
      const auto name = take_quoted();
      if (!name) return false;
      names.push_back(*name);
    } while (take(','));
    return take(']');
  }

  // A text that may have escapes; stands on its first quote.
  bool skip_text() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\')
        ++at_;
      else if (text_[at_] == '"')
        return ++at_, true;
    }
    return false;
  }

  bool skip_value() {
    std::size_t depth = 0;
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!skip_text()) return false;
        continue;
      }
      const bool closes = c == '}' || c == ']';
      if (depth == 0 && (c == ',' || closes)) break;
      if (c == '{' || c == '[') ++depth;
      if (closes) --depth;
      ++at_;
    }
    return depth == 0 && at_ > begin;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

void append_quoted(std::string& out, std::string_view plain) {
  out += '"';
  out += plain;
  out += '"';
}

std::size_t room_for(const NodeNames& nodes) {
  std::size_t room = 256;
  for (const std::string_view node : nodes)
    room += node.size() + 24;
  return room;
}

}  // namespace

Result<ExtenderArgs> parse_extender_args(std::string_view body) {
  return Scanner{body}.read();
}

std::string filter_answer(const NodeNames& nodes, const Filtered& filtered) {
  if (!filtered.error.empty()) return filter_error(filtered.error);
  std::vector<std::string> reasons;
  reasons.reserve(filtered.reasons.size());
  std::size_t longest = 0;
  for (const std::string& reason : filtered.reasons) {
    reasons.push_back(quoted(reason));
    longest = std::max(longest, reasons.back().size());
  }
  std::string out;
  out.reserve(room_for(nodes) + filtered.failed.size() * longest);
  out += R"({"Nodes":null,"NodeNames":[)";
  bool first = true;
  for (const std::uint32_t place : filtered.fitting) {
    if (!std::exchange(first, false)) out += ',';
    append_quoted(out, nodes[place]);
  }
  out += R"(],"FailedNodes":{)";
  first = true;
  for (const Filtered::Failed& failed : filtered.failed) {
    if (!std::exchange(first, false)) out += ',';
    append_quoted(out, nodes[failed.node]);
    out += ':';
    out += reasons[failed.reason];
  }
  out += R"(},"FailedAndUnresolvableNodes":{},"Error":""})";
  return out;
}

std::string filter_passes(std::string_view names_text) {
  constexpr std::string_view before = R"({"Nodes":null,"NodeNames":)";
  constexpr std::string_view after = R"(,"FailedNodes":{},"FailedAndUnresolvableNodes":{},"Error":""})";
  std::string out;
  out.reserve(before.size() + names_text.size() + after.size());
  out += before;
  out += names_text;
  out += after;
  return out;
}

std::string filter_error(const std::string& error) {
  return R"({"Nodes":null,"NodeNames":null,"FailedNodes":{},"FailedAndUnresolvableNodes":{},"Error":)" + quoted(error) +
         "}";
}

std::string score_answer(const NodeNames& nodes, const std::vector<int>& scores) {
  std::string out;
  out.reserve(room_for(nodes));
  out += '[';
  for (std::size_t i = 0; i < std::min(nodes.size(), scores.size()); ++i) {
    if (i > 0) out += ',';
    out += R"({"Host":)";
    append_quoted(out, nodes[i]);
    out += fmt::format(R"(,"Score":{}}})", scores[i]);
  }
  out += ']';
  return out;
}

}  // namespace migrate::scheduling

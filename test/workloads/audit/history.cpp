#include "test/workloads/audit/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace orders {
namespace {

using migrate::failure;
using migrate::Result;

std::string_view without_runtime_prefix(std::string_view line) {
  for (const std::string_view stream : {" stdout F ", " stderr F "})
    if (const auto at = line.find(stream); at != std::string_view::npos && at < line.find('{'))
      return line.substr(at + stream.size());
  return line;
}

// Every line through `parse`, the number of the first bad one in the error.
template <class T>
Result<std::vector<T>> parse_lines(std::string_view text, Result<T> (*parse)(std::string_view), bool only_objects) {
  std::vector<T> parsed;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (only_objects) line = without_runtime_prefix(line);
    if (line.empty() || (only_objects && line.front() != '{')) continue;
    auto value = parse(line);
    if (!value) return tl::make_unexpected(value.error().within(fmt::format("line {}", number)));
    parsed.push_back(std::move(*value));
  }
  return parsed;
}

Result<void> refuse_repeated_ids(const std::vector<Sent>& record) {
  std::set<std::string_view> ids;
  for (const Sent& sent : record)
    if (!ids.insert(sent.order.id).second)
      return failure(fmt::format("the record has {} twice; give each producer run a --name of its own", sent.order.id));
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad()) return failure(fmt::format("read {}: cannot be opened or read", path));
  return text;
}

template <class T>
Result<void> append_files(const std::vector<std::string>& paths, Result<std::vector<T>> (*parse)(std::string_view),
                          std::vector<T>& all) {
  for (const std::string& path : paths) {
    auto text = read_file(path);
    if (!text) return tl::make_unexpected(text.error());
    auto parsed = parse(*text);
    if (!parsed) return tl::make_unexpected(parsed.error().within("read " + path));
    all.insert(all.end(), std::make_move_iterator(parsed->begin()), std::make_move_iterator(parsed->end()));
  }
  return {};
}

}  // namespace

Result<std::vector<Sent>> parse_record(std::string_view text) {
  auto record = parse_lines(text, parse_sent, /*only_objects=*/false);
  if (!record) return record;
  if (auto unique = refuse_repeated_ids(*record); !unique) return tl::make_unexpected(unique.error());
  return record;
}

Result<std::vector<Collected>> parse_results(std::string_view text) {
  return parse_lines(text, parse_collected, /*only_objects=*/false);
}

Result<std::vector<Handled>> parse_log(std::string_view text) {
  return parse_lines(text, parse_handled, /*only_objects=*/true);
}

Result<FinalState> parse_state(std::string_view text) try {
  const auto json = nlohmann::json::parse(text);
  FinalState state;
  state.pod = json.at("pod").get<std::string>();
  state.at = json.at("at").get<std::int64_t>();
  state.state.count = json.at("count").get<std::uint64_t>();
  state.state.sum = json.at("sum").get<std::int64_t>();
  state.state.digest = json.at("digest").get<std::string>();
  state.state.last_sequence = json.at("lastSequence").get<std::map<std::string, std::uint64_t>>();
  state.state.gaps = json.at("gaps").get<std::uint64_t>();
  state.state.reordered = json.at("reordered").get<std::uint64_t>();
  if (!json.at("memory").contains("intact"))
    return failure("state: it was asked for without its memory being verified; ask for /state");
  state.memory_intact = json.at("memory").at("intact").get<bool>();
  return state;
} catch (const std::exception& error) {
  return failure(fmt::format("state '{}': {}", text.substr(0, 200), error.what()));
}

Result<History> read_history(const HistoryFiles& files) {
  History history;
  if (auto done = append_files(files.records, parse_record, history.record); !done)
    return tl::make_unexpected(done.error());
  if (auto done = refuse_repeated_ids(history.record); !done) return tl::make_unexpected(done.error());
  if (auto done = append_files(files.logs, parse_log, history.log); !done) return tl::make_unexpected(done.error());
  if (auto done = append_files(files.results, parse_results, history.results); !done)
    return tl::make_unexpected(done.error());
  auto text = read_file(files.state);
  if (!text) return tl::make_unexpected(text.error());
  auto state = parse_state(*text);
  if (!state) return tl::make_unexpected(state.error().within("read " + files.state));
  history.state = *state;
  return history;
}

}  // namespace orders

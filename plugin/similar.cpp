#include "plugin/similar.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace migrate::plugin {
namespace {

// Letters to insert, remove or exchange (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> similar(std::string_view word, const std::vector<std::string>& known, std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& candidate : known) {
    const std::size_t away = distance(word.substr(0, 64), std::string_view(candidate).substr(0, 64));
    // Names grow at their end: "orders" means "orders-7f9c-x2x".
    const bool begins = word.size() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
    if (begins || away <= std::max<std::size_t>((word.size() + 1) / 3, 1)) near.emplace_back(away, candidate);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  names.reserve(std::min(most, near.size()));
  for (auto& [away, name] : near)
    if (names.size() < most) names.push_back(std::move(name));
  return names;
}

std::string near_hint(std::string_view word, const std::vector<std::string>& known) {
  const auto near = similar(word, known);
  return near.empty() ? "" : "\nDid you mean " + joined(near, " or ") + "?";
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

}  // namespace migrate::plugin

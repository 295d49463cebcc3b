#include "test/unit/monitoring/promql.h"

#include <regex>

namespace migrate::monitoring {
namespace {

// Without what may look like a name and is none.
const std::regex kString{R"re("(?:[^"\\]|\\.)*")re"};
const std::regex kRange{R"(\[[^\]]*\]|\boffset\s+\w+)"};
const std::regex kGrouping{R"(\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\))"};
// No function, behind whose name is a parenthesis.
const std::regex kSelector{R"(\b([A-Za-z_:][\w:]*)\b(?![\w:]*\s*\()\s*(?:\{([^}]*)\})?)"};
const std::regex kMatcher{R"((\w+)\s*(?:=~|!~|!=|=))"};
const std::regex kWord{R"(\w+)"};

std::set<std::string> all_of(const std::string& text, const std::regex& pattern, int group) {
  std::set<std::string> found;
  for (std::sregex_iterator one{text.begin(), text.end(), pattern}, end; one != end; ++one)
    found.insert((*one)[group].str());
  return found;
}

bool is_keyword(const std::string& name) {
  static const std::set<std::string> kKeywords{"and", "or", "unless", "bool"};
  return kKeywords.contains(name);
}

}  // namespace

std::vector<Selector> selectors_of(std::string expression) {
  for (const std::regex* noise : {&kString, &kGrouping, &kRange})
    expression = std::regex_replace(expression, *noise, " ");
  std::vector<Selector> selectors;
  for (std::sregex_iterator one{expression.begin(), expression.end(), kSelector}, end; one != end; ++one)
    if (const std::string name = (*one)[1].str(); !is_keyword(name))
      selectors.push_back({name, all_of((*one)[2].str(), kMatcher, 1)});
  return selectors;
}

std::set<std::string> grouping_labels_of(const std::string& expression) {
  std::set<std::string> labels;
  for (const std::string& list : all_of(expression, kGrouping, 1))
    labels.merge(all_of(list, kWord, 0));
  return labels;
}

}  // namespace migrate::monitoring

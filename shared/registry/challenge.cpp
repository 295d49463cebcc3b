#include "shared/registry/challenge.h"

#include <algorithm>
#include <cctype>

namespace migrate::registry {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return text_.empty(); }
  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // In lower case.
  std::string token() {
    std::string word{text_.substr(0, text_.find_first_of(" \t,=\""))};
    text_.remove_prefix(word.size());
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
  }
  std::string value() {
    if (!take('"')) {
      std::string plain{text_.substr(0, text_.find_first_of(" \t,"))};
      text_.remove_prefix(plain.size());
      return plain;
    }
    std::string quoted;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      quoted += text_.front();
      text_.remove_prefix(1);
    }
    take('"');
    return quoted;
  }
  void drop() { text_.remove_prefix(1); }

 private:
  std::string_view text_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> all;
  Reader reader{header};
  for (reader.skip(" \t,"); !reader.at_end(); reader.skip(" \t,")) {
    std::string word = reader.token();
    if (word.empty()) {
      reader.drop();
      continue;
    }
    reader.skip(" \t");
    if (!reader.take('=')) {
      all.push_back({std::move(word), {}});
      continue;
    }
    reader.skip(" \t");
    std::string value = reader.value();
    if (!all.empty()) all.back().parameters[word] = std::move(value);
  }
  return all;
}

}  // namespace migrate::registry

#include "test/bench/evaluation/csv.h"

#include <fmt/format.h>

namespace evaluation {
namespace {

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field)
    text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

// Reads one file from its beginning to its end.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  migrate::Result<std::vector<Fields>> read() {
    std::vector<Fields> lines;
    while (at_ < text_.size()) {
      auto line = read_line();
      if (!line) return tl::make_unexpected(line.error());
      lines.push_back(std::move(*line));
    }
    return lines;
  }

 private:
  migrate::Result<Fields> read_line() {
    ++line_;
    Fields fields;
    while (true) {
      auto field = is_at('"') ? read_quoted() : migrate::Result<std::string>{read_plain()};
      if (!field) return tl::make_unexpected(field.error());
      fields.push_back(std::move(*field));
      if (is_at(',')) {
        ++at_;
        continue;
      }
      if (is_at('\r')) ++at_;
      if (is_at('\n'))
        ++at_;
      else if (at_ < text_.size())
        return migrate::failure(fmt::format("line {}: text behind a quotation", line_));
      return fields;
    }
  }

  std::string read_plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string field{text_.substr(at_, end - at_)};
    at_ = end;
    return field;
  }

  migrate::Result<std::string> read_quoted() {
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') {
        field += text_[at_];
        continue;
      }
      ++at_;
      if (!is_at('"')) return field;
      field += '"';
    }
    return migrate::failure(fmt::format("line {}: a quotation that does not end", line_));
  }

  [[nodiscard]] bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 0;
};

}  // namespace

std::string csv_line(const Fields& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i)
    line += (i == 0 ? "" : ",") + quoted(fields[i]);
  return line + "\n";
}

migrate::Result<std::vector<Fields>> parse_csv(std::string_view text) {
  return Reader{text}.read();
}

}  // namespace evaluation

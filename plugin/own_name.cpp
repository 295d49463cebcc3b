#include "plugin/own_name.h"

#include <algorithm>

namespace migrate::plugin {
namespace {

constexpr std::string_view kPlugin = "kubectl-";

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool stands_alone(std::string_view text, std::size_t at) {
  const std::size_t end = at + kUsualName.size();
  return (at == 0 || !is_word_character(text[at - 1])) && (end == text.size() || !is_word_character(text[end]));
}

}  // namespace

std::string_view file_name(std::string_view program) {
  return program.substr(program.rfind('/') + 1);
}

bool is_plain_file(std::string_view file) {
  return !file.empty() &&
         std::all_of(file.begin(), file.end(), [](char c) { return is_word_character(c) || c == '.'; });
}

std::string own_name(std::string_view program) {
  const std::string_view file = file_name(program);
  if (!is_plain_file(file)) return std::string(kUsualName);
  const bool was_typed = file.size() == program.size();
  if (was_typed || !file.starts_with(kPlugin)) return std::string(file);
  std::string words(file.substr(kPlugin.size()));
  std::transform(words.begin(), words.end(), words.begin(), [](char c) { return c == '-' ? ' ' : c == '_' ? '-' : c; });
  return "kubectl " + words;
}

std::string reworded(std::string_view text, std::string_view name) {
  std::string all;
  std::size_t done = 0;
  for (std::size_t at = text.find(kUsualName); at != std::string_view::npos; at = text.find(kUsualName, at + 1)) {
    if (!stands_alone(text, at)) continue;
    all.append(text.substr(done, at - done)).append(name);
    done = at + kUsualName.size();
  }
  return all.append(text.substr(done));
}

std::streamsize RewordingBuffer::xsputn(const char* text, std::streamsize size) {
  to_ << reworded({text, static_cast<std::size_t>(size)}, name_);
  return to_ ? size : 0;
}

RewordingBuffer::int_type RewordingBuffer::overflow(int_type character) {
  if (!traits_type::eq_int_type(character, traits_type::eof())) to_.put(traits_type::to_char_type(character));
  return to_ ? traits_type::not_eof(character) : traits_type::eof();
}

int RewordingBuffer::sync() {
  return to_.flush() ? 0 : -1;
}

}  // namespace migrate::plugin

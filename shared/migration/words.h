// Enumerations as the words that stand in objects. Internal to shared/migration.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace migrate {

template <class Enum>
struct Word {
  Enum value;
  std::string_view text;
};

template <class Enum, std::size_t N>
constexpr std::string_view word_of(Enum value, const std::array<Word<Enum>, N>& words) {
  for (const Word<Enum>& word : words)
    if (word.value == value) return word.text;
  return "";
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_of(std::string_view text, const std::array<Word<Enum>, N>& words) {
  for (const Word<Enum>& word : words)
    if (word.text == text) return word.value;
  return std::nullopt;
}

}  // namespace migrate

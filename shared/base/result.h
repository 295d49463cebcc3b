// Errors: expected failures are values (Result<T>), one exception type means "tell the user and stop".
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace migrate {

// What went wrong, for a person: what was attempted, on which object, what the other side answered.
struct Error {
  std::string message;
  // Whoever asks lacks a right for it, so that to ask again leads to the same until somebody gives it.
  bool is_missing_right = false;

  // The same error with what was being attempted in front of it, as it travels up: "read kubeconfig /x: No such file".
  [[nodiscard]] Error within(std::string_view attempt) const {
    return {std::string(attempt) + ": " + message, is_missing_right};
  }
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

// Absent is not broken: a lookup answers "not there" as a value and "could not look" as an error.
template <class T, class E = Error>
using Lookup = Result<std::optional<T>, E>;

[[nodiscard]] inline tl::unexpected<Error> failure(std::string message) {
  return tl::make_unexpected(Error{std::move(message)});
}

// Thrown only where a program cannot go on; caught only in main, which prints it as "error: …" and exits.
class Fatal : public std::exception {
 public:
  explicit Fatal(std::string message, int exit_code = 1) : message_(std::move(message)), exit_code_(exit_code) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  std::string message_;
  int exit_code_;
};

// The value, or Fatal with the error's message: for mains and tests.
template <class T>
T value_or_fatal(Result<T> result) {
  if (!result) throw Fatal(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace migrate

// What the user calls this program, which every text is to say: usage, examples, errors, how to follow. Texts are
// written with "kubectl migrate" and reworded where they leave the program.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace migrate::plugin {

inline constexpr std::string_view kUsualName = "kubectl migrate";
inline constexpr std::string_view kUsualFile = "kubectl-migrate";

// By argv[0]. kubectl starts its plugins by their paths: "/usr/local/bin/kubectl-migrate" is "kubectl migrate", and
// krew's ".../kubectl-migrate_pod" is "kubectl migrate-pod" (kubectl reads "-" in a file's name as a blank, "_" as a
// dash). A word without a slash was typed at a shell, and stands as it is.
[[nodiscard]] std::string own_name(std::string_view program);
// The file's name behind its folders.
[[nodiscard]] std::string_view file_name(std::string_view program);

// A name that may go into texts and scripts as it is: letters, digits, "-", "_", ".".
[[nodiscard]] bool is_plain_file(std::string_view file);

// "kubectl migrate" as words of their own become `name`.
[[nodiscard]] std::string reworded(std::string_view text, std::string_view name);

// Hands on what is written to it, reworded; each piece as it comes, so that a text must not be cut within the name.
class RewordingBuffer final : public std::streambuf {
 public:
  RewordingBuffer(std::ostream& to, std::string name) : to_(to), name_(std::move(name)) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  std::ostream& to_;
  std::string name_;
};

}  // namespace migrate::plugin

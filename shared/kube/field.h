// Typed reading of a JSON document that knows where it is, so that an error says
// "users[0].user.token: a number where a text belongs". What is absent or null reads as empty, as in Go.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace migrate::kube {

// The first thing that was wrong; reading goes on meanwhile, and the reader looks here once at the end.
class FirstProblem {
 public:
  void note(const std::string& path, const std::string& what);
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

class Field {
 public:
  // Both must outlive the field and all that come from it.
  Field(const nlohmann::json& document, FirstProblem& problem) : Field(&document, "", problem) {}

  [[nodiscard]] Field operator[](const char* key) const;
  [[nodiscard]] bool is_present() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string base64() const;  // decoded
  [[nodiscard]] bool flag() const;
  [[nodiscard]] std::int64_t integer() const;  // 0 when absent
  [[nodiscard]] double number() const;         // whole or not; 0 when absent
  [[nodiscard]] std::vector<Field> items() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] std::vector<std::pair<std::string, Field>> entries() const;
  [[nodiscard]] std::string json() const;  // as it is; empty when absent

  void wrong(const std::string& what) const { problem_->note(path_, what); }

 private:
  Field(const nlohmann::json* value, std::string path, FirstProblem& problem)
      : value_(value), path_(std::move(path)), problem_(&problem) {}

  const nlohmann::json* value_;  // never null: what is absent is JSON's null
  std::string path_;
  FirstProblem* problem_;
};

}  // namespace migrate::kube

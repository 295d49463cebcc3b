#include "shared/kube/field.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "shared/base/base64.h"

namespace migrate::kube {
namespace {

using Json = nlohmann::json;

const Json kAbsent;

std::string kind_of(const Json& value) {
  if (value.is_object()) return "a mapping";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return "a boolean";
  return "a number";
}

}  // namespace

void FirstProblem::note(const std::string& path, const std::string& what) {
  if (!error_) error_ = Error{path.empty() ? what : fmt::format("{}: {}", path, what)};
}

Field Field::operator[](const char* key) const {
  const Json* value = &kAbsent;
  if (value_->is_object()) {
    if (const auto found = value_->find(key); found != value_->end()) value = &*found;
  } else if (!value_->is_null()) {
    wrong(fmt::format("{} where a mapping belongs", kind_of(*value_)));
  }
  return {value, path_.empty() ? key : fmt::format("{}.{}", path_, key), *problem_};
}

bool Field::is_present() const {
  return !value_->is_null();
}

std::string Field::text() const {
  if (value_->is_string()) return value_->get<std::string>();
  if (is_present()) {
    const bool is_scalar = value_->is_number() || value_->is_boolean();
    wrong(fmt::format("{} where a text belongs{}", kind_of(*value_), is_scalar ? ": put it in quotes" : ""));
  }
  return "";
}

std::string Field::base64() const {
  auto bytes = from_base64(text());
  if (bytes) return std::move(*bytes);
  wrong(bytes.error().message);
  return "";
}

bool Field::flag() const {
  if (value_->is_boolean()) return value_->get<bool>();
  if (is_present()) wrong(fmt::format("{} where true or false belongs", kind_of(*value_)));
  return false;
}

std::int64_t Field::integer() const {
  const bool fits = value_->is_number_integer() &&
                    (!value_->is_number_unsigned() ||
                     value_->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
  if (fits) return value_->get<std::int64_t>();
  if (is_present())
    wrong(fmt::format("{} where a whole number belongs", value_->is_number() ? value_->dump() : kind_of(*value_)));
  return 0;
}

double Field::number() const {
  if (value_->is_number()) return value_->get<double>();
  if (is_present()) wrong(fmt::format("{} where a number belongs", kind_of(*value_)));
  return 0;
}

std::vector<Field> Field::items() const {
  std::vector<Field> fields;
  if (value_->is_array()) {
    for (std::size_t i = 0; i < value_->size(); ++i)
      fields.push_back({&(*value_)[i], fmt::format("{}[{}]", path_, i), *problem_});
  } else if (is_present()) {
    wrong(fmt::format("{} where a list belongs", kind_of(*value_)));
  }
  return fields;
}

std::vector<std::string> Field::texts() const {
  std::vector<std::string> all;
  for (const Field& item : items())
    all.push_back(item.text());
  return all;
}

std::vector<std::pair<std::string, Field>> Field::entries() const {
  std::vector<std::pair<std::string, Field>> fields;
  if (value_->is_object()) {
    for (const auto& [key, value] : value_->items())
      fields.emplace_back(key, (*this)[key.c_str()]);
  } else if (is_present()) {
    wrong(fmt::format("{} where a mapping belongs", kind_of(*value_)));
  }
  return fields;
}

std::string Field::json() const {
  return is_present() ? value_->dump() : "";
}

}  // namespace migrate::kube

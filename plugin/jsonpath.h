// Templates of `-o jsonpath=…`: read and carried out as kubectl does it (client-go's util/jsonpath, whose sentences the
// errors are), where missing fields print nothing. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "shared/base/result.h"

namespace migrate::plugin {

[[nodiscard]] Result<void> check_jsonpath(const std::string& text);

// What the template makes of the object, without a line end of its own.
[[nodiscard]] Result<std::string> apply_jsonpath(const std::string& text, const nlohmann::json& object);

}  // namespace migrate::plugin

// Changing the lists of API objects.
#pragma once

#include <functional>

#include "extender/controller/json_path.h"

namespace migrate::controller {

// Null becomes an empty list.
void erase_if(Json& list, const std::function<bool(const Json&)>& is_unwanted);

}  // namespace migrate::controller

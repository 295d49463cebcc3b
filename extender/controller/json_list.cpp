#include "extender/controller/json_list.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace migrate::controller {

void erase_if(Json& list, const std::function<bool(const Json&)>& is_unwanted) {
  Json kept = Json::array();
  for (Json& one : list)
    if (!is_unwanted(one)) kept.push_back(std::move(one));
  list = std::move(kept);
}

}  // namespace migrate::controller

// How objects are read here: shared/kube's words, without its name before each of them.
#pragma once

#include "shared/kube/json_path.h"

namespace migrate::controller {

using Json = nlohmann::json;
using kube::find;
using kube::flag_at;
using kube::has;
using kube::list_at;
using kube::number_at;
using kube::Path;
using kube::text_at;

}  // namespace migrate::controller

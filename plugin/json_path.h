// How objects are read here: shared/kube's words, without its name before each of them.
#pragma once

#include "shared/kube/json_path.h"

namespace migrate::plugin {

using kube::find;
using kube::flag_at;
using kube::list_at;
using kube::number_at;
using kube::text_at;

}  // namespace migrate::plugin

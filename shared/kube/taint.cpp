#include "shared/kube/taint.h"

#include "shared/kube/json_path.h"

namespace migrate::kube {

bool keeps_pods_away(const Json& taint) {
  const std::string effect = text_at(taint, {"effect"});
  return effect == "NoSchedule" || effect == "NoExecute";
}

bool comes_and_goes(const Json& taint) {
  return text_at(taint, {"key"}).starts_with("node.kubernetes.io/");
}

}  // namespace migrate::kube

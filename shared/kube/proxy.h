// Through which proxy a server is reached: the kubeconfig's proxy-url, else the environment by the rules of Go's
// golang.org/x/net/http/httpproxy.
#pragma once

#include <string>

#include "shared/base/host.h"
#include "shared/base/result.h"
#include "shared/kube/url.h"

namespace migrate::kube {

// Its URL, or empty for none. Only plain http:// proxies can be used; others are refused rather than passed by.
[[nodiscard]] Result<std::string> proxy_for(const Url& server, const std::string& proxy_url,
                                            const Environment& environment);

}  // namespace migrate::kube

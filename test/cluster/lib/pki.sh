# shellcheck shell=bash
# The cluster's certificates and kubeconfigs, with kubeadm's names, made anew at every start from nothing.

pki=$state/pki

pki_authority() { # FILE COMMON_NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$2" \
    -keyout "$pki/$1.key" -out "$pki/$1.crt" 2>/dev/null
}

pki_certificate() { # FILE SUBJECT [SUBJECT_ALT_NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -days 365 -out "$pki/$1.crt" \
    -set_serial "0x$(openssl rand -hex 8)" -extfile <(
      printf 'keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n'
      [[ -z ${3:-} ]] || printf 'subjectAltName=%s\n' "$3"
    ) 2>/dev/null
  rm "$pki/$1.csr"
}

pki_kubeconfig() { # FILE SERVER: for the certificate of the same name
  cat >"$pki/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster:
    server: $2
    certificate-authority-data: $(base64 -w0 "$pki/ca.crt")
contexts:
- name: test
  context: {cluster: test, user: $1}
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$pki/$1.crt")
    client-key-data: $(base64 -w0 "$pki/$1.key")
YAML
  chmod 600 "$pki/$1.kubeconfig"
}

pki_make() { # WORKERS
  local server=https://$control_address:6443 index name
  mkdir -p "$pki"
  chmod 700 "$pki"
  pki_authority ca kubernetes
  pki_authority front-proxy-ca front-proxy-ca
  pki_certificate apiserver /CN=kube-apiserver \
    "IP:$control_address,IP:${service_cidr%.*.*}.0.1,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  # As kubeadm makes it since 1.36.1, 1.35.5, 1.34.8 and 1.33.12: no group, so it has only the role bound to its name.
  pki_certificate apiserver-kubelet-client /CN=kube-apiserver-kubelet-client
  pki_certificate volume-provisioner /CN=volume-provisioner
  pki_certificate registry /CN=registry.test "IP:$control_address,DNS:registry.test"
  pki_certificate rabbitmq /CN=rabbitmq.rabbitmq "DNS:rabbitmq.rabbitmq,DNS:rabbitmq.rabbitmq.svc"
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
  pki_certificate admin /O=system:masters/CN=kubernetes-admin
  pki_kubeconfig admin "https://127.0.0.1:$api_port"
  for name in kube-controller-manager kube-scheduler kube-proxy; do
    pki_certificate "$name" "/CN=system:$name"
    pki_kubeconfig "$name" "$server"
  done
  for ((index = 1; index <= $1; index++)); do
    name=$(worker_name "$index")
    pki_certificate "$name" "/O=system:nodes/CN=system:node:$name" "DNS:$name,IP:$(machine_address "$index")"
    pki_kubeconfig "$name" "$server"
  done
}

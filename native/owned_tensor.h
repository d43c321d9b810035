// Tensors that are freed by who holds them.
#pragma once
#include <memory>
#include <tensorflow/c/c_api.h>

namespace kd {

using Tensor = std::unique_ptr<TF_Tensor, decltype(&TF_DeleteTensor)>;

}  // namespace kd

// What the kernels of `KdRowLoop` and `KdAdamW` share: TensorFlow's tensors and errors.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <tensorflow/c/c_api.h>
#include "failure.h"
#include "kernel_api.h"
#include "owned_tensor.h"
#include "status.h"

namespace kd {

/** A kernel's input. */
inline Tensor inputOf(TF_OpKernelContext* context, int index) {
  Status status;
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context, index, &tensor, status.get());
  Tensor owned(tensor, TF_DeleteTensor);
  status.check();
  return owned;
}

/** A kernel's input, which must have some dtype and number of values. */
inline Tensor inputOf(TF_OpKernelContext* context, int index, TF_DataType type, int64_t values) {
  Tensor tensor = inputOf(context, index);
  const int64_t count = TF_TensorElementCount(tensor.get());
  if (TF_TensorType(tensor.get()) != type || count != values)
    refuse("input " + std::to_string(index) + ": expected " + std::to_string(values) + " values, got " +
           std::to_string(count));
  return tensor;
}

/** Memory for a kernel's output. */
inline Tensor outputOf(TF_OpKernelContext* context, int index, TF_DataType type, const std::vector<int64_t>& shape) {
  Status status;
  size_t bytes = TF_DataTypeSize(type);
  for (int64_t size : shape) bytes *= static_cast<size_t>(size);
  Tensor owned(
      TF_AllocateOutput(context, index, type, shape.data(), static_cast<int>(shape.size()), bytes, status.get()),
      TF_DeleteTensor);
  status.check();
  return owned;
}

/** Sets a TensorFlow status to the exception being handled. */
inline void setStatus(TF_Status* status) {
  const Failure failure = currentFailure();
  TF_SetStatus(status, codeNamed(failure.code), failure.message.c_str());
}

/** `create` of a kernel: a `Kernel` made from the op's attributes. */
template <class Kernel>
void* createKernel(TF_OpKernelConstruction* construction) {
  try {
    return new Kernel(construction);
  } catch (...) {
    Status status;
    setStatus(status.get());
    TF_OpKernelConstruction_Failure(construction, status.get());
    return nullptr;
  }
}

template <class Kernel>
void computeKernel(void* kernel, TF_OpKernelContext* context) {
  try {
    static_cast<const Kernel*>(kernel)->compute(context);
  } catch (...) {
    Status status;
    setStatus(status.get());
    TF_OpKernelContext_Failure(context, status.get());
  }
}

template <class Kernel>
void destroyKernel(void* kernel) {
  delete static_cast<Kernel*>(kernel);
}

/** Registers an op whose outputs' shapes are not stated, and its kernel for CPUs. */
template <class Kernel>
void registerOp(const char* name, const std::vector<const char*>& attributes, const std::vector<const char*>& inputs,
                const std::vector<const char*>& outputs) {
  Status status;
  TF_OpDefinitionBuilder* const op = TF_NewOpDefinitionBuilder(name);
  for (const char* each : attributes) TF_OpDefinitionBuilderAddAttr(op, each);
  for (const char* each : inputs) TF_OpDefinitionBuilderAddInput(op, each);
  for (const char* each : outputs) TF_OpDefinitionBuilderAddOutput(op, each);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(op, status.get());
  status.check();
  TF_RegisterKernelBuilder(
      name, TF_NewKernelBuilder(name, "CPU", createKernel<Kernel>, computeKernel<Kernel>, destroyKernel<Kernel>),
      status.get());
  status.check();
}

}  // namespace kd

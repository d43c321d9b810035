// The devices of sessions.
#pragma once
#include <memory>
#include <node_api.h>
#include <tensorflow/c/c_api.h>
#include "js_values.h"
#include "status.h"

namespace kd {

/** `[{ name, type, memoryBytes }]`: a session's devices, with the bytes that TensorFlow may hand out on each. */
inline napi_value devicesOf(napi_env env, TF_Session* session) {
  Status status;
  const std::unique_ptr<TF_DeviceList, decltype(&TF_DeleteDeviceList)> devices(
    TF_SessionListDevices(session, status.get()), TF_DeleteDeviceList);
  status.check();
  napi_value list = nullptr;
  check(env, napi_create_array(env, &list));
  for (int i = 0; i < TF_DeviceListCount(devices.get()); i++) {
    const char* name = TF_DeviceListName(devices.get(), i, status.get());
    status.check();
    const char* type = TF_DeviceListType(devices.get(), i, status.get());
    status.check();
    const int64_t bytes = TF_DeviceListMemoryBytes(devices.get(), i, status.get());
    status.check();
    napi_value device = nullptr;
    check(env, napi_create_object(env, &device));
    setText(env, device, "name", name);
    setText(env, device, "type", type);
    setNumber(env, device, "memoryBytes", static_cast<double>(bytes));
    check(env, napi_set_element(env, list, static_cast<uint32_t>(i), device));
  }
  return list;
}

}  // namespace kd

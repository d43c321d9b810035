/** The single-file build, for which the package ships no types. */
declare module 'echarts/dist/echarts.esm.min' {
  export { init } from 'echarts/core';
}

# Leaves out of zxing-cpp the readers that nobody uses: a minute less to compile, and less that looks at a camera's picture.
foreach (format 1D AZTEC DATAMATRIX MAXICODE PDF417)
  set (ZXING_ENABLE_${format} OFF)
endforeach ()

/* The image of ../imu-i2c, with the sensor's FIFO in place of its data-ready pin. */
#define MJ_IMU_FIFO
#include "../imu-i2c/main.c"

; r0 = r0 * r1 (low 32 bits): 6 instructions on either path plus max(1, bit length of the smaller
; operand) mul_steps. Changes r1, r2; return address r23.
mul:    jgtu  r1, r0, swap
        move  r2, r0
        move  r0, r1, true, go
swap:   move  r2, r1
        move  r0, r0
go:     move  r1, zero
        mul_step d0, r2, d0, 0, z, product
        mul_step d0, r2, d0, 1, z, product
        mul_step d0, r2, d0, 2, z, product
        mul_step d0, r2, d0, 3, z, product
        mul_step d0, r2, d0, 4, z, product
        mul_step d0, r2, d0, 5, z, product
        mul_step d0, r2, d0, 6, z, product
        mul_step d0, r2, d0, 7, z, product
        mul_step d0, r2, d0, 8, z, product
        mul_step d0, r2, d0, 9, z, product
        mul_step d0, r2, d0, 10, z, product
        mul_step d0, r2, d0, 11, z, product
        mul_step d0, r2, d0, 12, z, product
        mul_step d0, r2, d0, 13, z, product
        mul_step d0, r2, d0, 14, z, product
        mul_step d0, r2, d0, 15, z, product
        mul_step d0, r2, d0, 16, z, product
        mul_step d0, r2, d0, 17, z, product
        mul_step d0, r2, d0, 18, z, product
        mul_step d0, r2, d0, 19, z, product
        mul_step d0, r2, d0, 20, z, product
        mul_step d0, r2, d0, 21, z, product
        mul_step d0, r2, d0, 22, z, product
        mul_step d0, r2, d0, 23, z, product
        mul_step d0, r2, d0, 24, z, product
        mul_step d0, r2, d0, 25, z, product
        mul_step d0, r2, d0, 26, z, product
        mul_step d0, r2, d0, 27, z, product
        mul_step d0, r2, d0, 28, z, product
        mul_step d0, r2, d0, 29, z, product
        mul_step d0, r2, d0, 30, z, product
        mul_step d0, r2, d0, 31
product: move r0, r1
        jump  r23

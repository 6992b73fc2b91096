; Arithmetic throughput: every tasklet applies one operation with a scalar to the elements of its
; 1,024-byte buffer in WRAM, REPEAT times (one load, the operation, one store, address, index, loop).
; OP: 0 int32 add, 1 int32 sub (6 instructions per element), 2 int64 add, 3 int64 sub (7),
; 4 int32 multiplication by mul_step, 5 uint32 division by div_step, 6 int64 multiplication, 7 int64
; division, 8 to 11 float add, sub, mul, div, 12 to 15 double. Operands: `scalar`, `buffers`.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lsl   r2, id, 10
        add   r2, r2, buffers
        move  r3, REPEAT
        ld    d4, zero, scalar          ; r5 the lower word
again:  move  r6, 0
        .if OP == 0
loop:   lsl_add r7, r2, r6, 2
        lw    r8, r7, 0
        add   r8, r8, r5
        sw    r7, 0, r8
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 1
loop:   lsl_add r7, r2, r6, 2
        lw    r8, r7, 0
        sub   r8, r8, r5
        sw    r7, 0, r8
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 2
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        add   r9, r9, r5
        addc  r8, r8, r4
        sd    r7, 0, d8
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        .if OP == 3
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        sub   r9, r9, r5
        subc  r8, r8, r4
        sd    r7, 0, d8
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        .if OP == 4
loop:   lsl_add r7, r2, r6, 2
        lw    r0, r7, 0
        move  r1, r5
        move  r20, r2
        call  r23, mul
        move  r2, r20
        sw    r7, 0, r0
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 5
loop:   lsl_add r7, r2, r6, 2
        lw    r1, r7, 0
        move  r10, r5
        call  r23, div
        sw    r7, 0, r0
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 6
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        ld    d10, zero, scalar
        call  r23, mul64
        sd    r7, 0, d12
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        .if OP >= 7
        move  r17, r2                   ; what the routines leave alone
        move  r18, 0
        move  r20, r3
        movd  d14, d4
        .endif
        .if OP >= 8 && OP <= 11
loop:   lsl_add r19, r17, r18, 2
        lw    r0, r19, 0
        move  r1, r15
        call  r23, operation
        sw    r19, 0, r0
        add   r18, r18, 1
        jneq  r18, 256, loop
        .endif
        .if OP == 7 || OP >= 12
loop:   lsl_add r19, r17, r18, 3
        ld    d0, r19, 0
        ld    d2, zero, scalar
        call  r23, operation
        sd    r19, 0, d0
        add   r18, r18, 1
        jneq  r18, 128, loop
        .endif
        .if OP >= 7
        move  r2, r17
        move  r3, r20
        movd  d4, d14
        .endif
        sub   r3, r3, 1, nz, again
done:   stop  true, done

        .include "lib/mul32.s"
        .include "lib/mul64.s"
        .include "lib/div32.s"
        .if OP == 7
        .equ  operation, div64
        .endif
        .if OP == 8
        .equ  operation, f32_add
        .endif
        .if OP == 9
        .equ  operation, f32_sub
        .endif
        .if OP == 10
        .equ  operation, f32_mul
        .endif
        .if OP == 11
        .equ  operation, f32_div
        .endif
        .if OP == 12
        .equ  operation, f64_add
        .endif
        .if OP == 13
        .equ  operation, f64_sub
        .endif
        .if OP == 14
        .equ  operation, f64_mul
        .endif
        .if OP == 15
        .equ  operation, f64_div
        .endif
        .if OP == 7
        .include "lib/div64.s"
        .endif
        .if OP >= 8 && OP <= 11
        .include "lib/float32.s"
        .endif
        .if OP >= 12
        .include "lib/float64.s"
        .endif

        .data
        .balign 8
scalar: .quad 0
        .bss
        .balign 8
buffers: .space 1024*NTASKLETS

; PrIM GEMV made fast: x stays in WRAM, two rows at a time share its loads, 8-bit multiplications:
; 4.3 instructions per multiply-accumulate. The bits of all operands are collected; a pair of rows
; with an element above 255 is done again with the 32-bit multiplication, so the result is right for
; every uint32.
; args: columns (multiple of 8, up to 256), MRAM offsets of A, x, y, pairs of rows per tasklet, pairs
; left over (one more for each of the first tasklets).
        .equ FRAME, 8
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   jneq  id, 0, ready
        lw    r11, zero, args           ; x by tasklet 0
        lsr   r7, r11, 1
        sub   r7, r7, 1
        move  r8, vector
        lsl_add r8, r8, r7, 24
        lw    r3, zero, args+8
        ldma  r8, r3, 0
ready:  call  r23, barrier
        lw    r4, zero, args+16         ; pairs of rows: r4 of them from pair r6
        lw    r5, zero, args+20
        move  r0, id
        move  r1, r4
        call  r23, mul
        jltu  id, r5, more
        add   r6, r0, r5, true, first
more:   add   r6, id, r0
        add   r4, r4, 1
first:  jz    r4, done
        move  r20, r4
        lw    r11, zero, args
        lsl   r13, r11, 2               ; bytes of a row
        move  r0, id
        move  r1, 2048+FRAME
        call  r23, mul
        add   r22, r0, buffers          ; result of a pair, then its two rows
        lsl   r0, r13, 1
        move  r1, r6
        call  r23, mul
        lw    r12, zero, args+4
        add   r12, r12, r0              ; rows in MRAM
        lw    r21, zero, args+12
        lsl_add r21, r21, r6, 3         ; results in MRAM
        sub   r7, r11, 1                ; transfer of two rows: 8 * columns bytes
        add   r8, r22, FRAME
        lsl_add r8, r8, r7, 24
        move  r19, 0                    ; bits of x
        move  r16, vector
        add   r7, r13, vector
bits:   lw    r0, r16, 0
        or    r19, r19, r0
        add   r16, r16, 4
        jltu  r16, r7, bits
pair:   ldma  r8, r12, 0
        add   r14, r22, FRAME
        add   r15, r14, r13
        move  r6, r15                   ; end of the first row
        move  r16, vector
        move  r17, r19
        move  r9, 0
        move  r10, 0
loop:
        ld    d2, r14, 0
        ld    d4, r15, 0
        ld    d0, r16, 0
        mul_ul_ul r18, r2, r0
        add   r9, r9, r18
        mul_ul_ul r18, r3, r1
        add   r9, r9, r18
        mul_ul_ul r18, r4, r0
        add   r10, r10, r18
        mul_ul_ul r18, r5, r1
        add   r10, r10, r18
        or    r17, r17, r2
        or    r17, r17, r3
        or    r17, r17, r4
        or    r17, r17, r5
        ld    d2, r14, 8
        ld    d4, r15, 8
        ld    d0, r16, 8
        mul_ul_ul r18, r2, r0
        add   r9, r9, r18
        mul_ul_ul r18, r3, r1
        add   r9, r9, r18
        mul_ul_ul r18, r4, r0
        add   r10, r10, r18
        mul_ul_ul r18, r5, r1
        add   r10, r10, r18
        or    r17, r17, r2
        or    r17, r17, r3
        or    r17, r17, r4
        or    r17, r17, r5
        ld    d2, r14, 16
        ld    d4, r15, 16
        ld    d0, r16, 16
        mul_ul_ul r18, r2, r0
        add   r9, r9, r18
        mul_ul_ul r18, r3, r1
        add   r9, r9, r18
        mul_ul_ul r18, r4, r0
        add   r10, r10, r18
        mul_ul_ul r18, r5, r1
        add   r10, r10, r18
        or    r17, r17, r2
        or    r17, r17, r3
        or    r17, r17, r4
        or    r17, r17, r5
        ld    d2, r14, 24
        ld    d4, r15, 24
        ld    d0, r16, 24
        mul_ul_ul r18, r2, r0
        add   r9, r9, r18
        mul_ul_ul r18, r3, r1
        add   r9, r9, r18
        mul_ul_ul r18, r4, r0
        add   r10, r10, r18
        mul_ul_ul r18, r5, r1
        add   r10, r10, r18
        or    r17, r17, r2
        or    r17, r17, r3
        or    r17, r17, r4
        or    r17, r17, r5
        add   r14, r14, 32
        add   r15, r15, 32
        add   r16, r16, 32
        jltu  r14, r6, loop
        jgtu  r17, 255, wide
write:  sw    r22, 0, r9
        sw    r22, 4, r10
        sdma  r22, r21, 0
        add   r21, r21, 8
        lsl_add r12, r12, r13, 1
        sub   r20, r20, 1, nz, pair
done:   stop  true, done
wide:   add   r14, r22, FRAME           ; 32-bit products
        move  r16, vector
        move  r9, 0
        move  r10, 0
column: lw    r0, r14, 0
        lw    r1, r16, 0
        call  r23, mul
        add   r9, r9, r0
        add   r15, r14, r13
        lw    r0, r15, 0
        lw    r1, r16, 0
        call  r23, mul
        add   r10, r10, r0
        add   r14, r14, 4
        add   r16, r16, 4
        jltu  r14, r6, column
        jump  write

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0, 0, 0, 0
arrived: .word 0
        .bss
        .balign 8
vector: .space 1024
buffers: .space (2048+FRAME)*NTASKLETS

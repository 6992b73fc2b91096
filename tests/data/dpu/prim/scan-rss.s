; Prefix sum (reduce, scan, scan) of `args` bytes of int64: every tasklet adds its own part, the last
; one sums the parts after a barrier, then everyone scans its part. 64-bit additions with carry.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        lsr   r0, r16, 3                ; elements of a part: ceil(n / tasklets), by division
        add   r1, r0, NTASKLETS - 1
        move  r10, NTASKLETS
        call  r23, div
        lsl   r17, r0, 3                ; bytes of a part
        move  r0, r17
        move  r1, id
        call  r23, mul
        move  r18, r0                   ; its start
        add   r19, r18, r17             ; its end
        jleu  r19, r16, 1f
        move  r19, r16
1:      jleu  r18, r16, 2f
        move  r18, r16
2:      move  r20, 0                    ; sum d20
        move  r21, 0
        move  r17, r18
        jgeu  r17, r19, reduced
reduce: call  r23, fetch
        move  r3, r14
3:      ld    d6, r3, 0
        add   r21, r21, r7
        addc  r20, r20, r6
        add   r3, r3, 8
        jltu  r3, r4, 3b
        jltu  r17, r19, reduce
reduced: sd   id8, parts, d20
        call  r23, meet
        jneq  id, NTASKLETS - 1, 5f
        move  r0, 0                     ; exclusive sums of the parts
        move  r1, 0
        move  r3, parts
        move  r4, parts + 8 * NTASKLETS
4:      ld    d6, r3, 0
        sd    r3, 0, d0
        add   r1, r1, r7
        addc  r0, r0, r6
        add   r3, r3, 8
        jneq  r3, r4, 4b
5:      call  r23, meet
        ld    d20, id8, parts
        move  r17, r18
        jgeu  r17, r19, 8f
scan:   call  r23, fetch
        move  r3, r14
6:      ld    d6, r3, 0
        add   r21, r21, r7
        addc  r20, r20, r6
        sd    r3, 0, d20
        add   r3, r3, 8
        jltu  r3, r4, 6b
        move  r0, r14
        sub   r2, r4, r14
        move  r1, output
        add   r1, r1, r17
        sub   r1, r1, r2
        call  r23, mram_write
        jltu  r17, r19, scan
8:      ld    d22, r22, -8
        jump  r23

; The next block from r17 on, r19 at most, into r14; r4 = its end there; r17 moves on.
fetch:  sd    r22, 0, d22
        add   r22, r22, 8
        sub   r2, r19, r17
        jleu  r2, BUFFER, 9f
        move  r2, BUFFER
9:      add   r4, r14, r2
        move  r0, r14
        move  r1, input
        add   r1, r1, r17
        add   r17, r17, r2
        call  r23, mram_read
        ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/mul32.s"
        .include "../../../../configs/kernels/dpu/lib/div32.s"
        .section .data.parts, "aw"
        .balign 8
parts:  .space 8 * NTASKLETS
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 65536
output: .space 65536

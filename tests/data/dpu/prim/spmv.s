; Sparse matrix times vector, args = rows (even), float: rows in pairs to the tasklets, row pointers
; and (column, value) pairs from MRAM 8 bytes at a time, the vector through a tile of 64 bytes that
; is read again when the column leaves it, products and sums by the software floats.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        move  r21, -1                   ; tile of the vector that is here
        lsl   r17, id, 1
        jgeu  r17, r16, done
pair:   move  r20, 0                    ; first or second row of the pair
row:    add   r0, r17, r20
        call  r23, pointer
        move  r18, r0
        add   r0, r17, r20
        add   r0, r0, 1
        call  r23, pointer
        move  r19, r0
        sw    r22, -16, 0               ; sum
        jgeu  r18, r19, 4f
entry:  move  r0, r15
        move  r1, entries
        lsl_add r1, r1, r18, 3
        move  r2, 8
        call  r23, mram_read
        lw    r4, r15, 0                ; column
        lsr   r5, r4, 4
        jeq   r5, r21, 3f
        move  r21, r5
        move  r0, r14
        lsl   r1, r5, 6
        add   r1, r1, vector
        move  r2, 64
        call  r23, mram_read
3:      and   r4, r4, 15
        lsl_add r4, r14, r4, 2
        lw    r0, r4, 0
        lw    r1, r15, 4
        call  r23, f32_mul
        lw    r1, r22, -16
        call  r23, f32_add
        sw    r22, -16, r0
        add   r18, r18, 1
        jltu  r18, r19, entry
4:      lsl_add r1, r15, r20, 2
        lw    r0, r22, -16
        sw    r1, 64, r0
        add   r20, r20, 1
        jeq   r20, 1, row
        add   r0, r15, 64
        lsl   r1, r17, 2
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        add   r17, r17, 2 * NTASKLETS
        jltu  r17, r16, pair
done:   ld    d22, r22, -8
        jump  r23

pointer: lsl  r0, r0, 2                 ; r0 = row pointer r0; changes r1 and r2
        add   r0, r0, pointers
        and   r1, r0, -8
        and   r2, r0, 4
        ldma  r15, r1, 0
        add   r2, r2, r15
        lw    r0, r2, 0
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/float32.s"
        .section .mram, "aw"
        .balign 64
        .globl vector, pointers, entries, output
vector: .space 4096
pointers: .space 4096
entries: .space 65536
output: .space 4096

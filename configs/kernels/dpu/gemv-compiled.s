; PrIM GEMV and one layer of PrIM MLP, compiled mix: y = A x over uint32, rows in pairs dealt out
; to the tasklets, blocks of 1,024 bytes of A and of x per 256 columns, the last (or only) block by
; a loop with a bound check and a spilled pointer, as compiled.
; Mix per multiply-accumulate, without the mul_steps of the multiplication: full blocks 15 (2 loads,
; 1 store, 4 branches, 8 other), last block 19 (4 loads, 1 store, 5 branches, 9 other). Beside that,
; per row 10 loads, 6 stores, 9.5 branches, 17.5 other, 2.5 transfers; per full block 4 loads,
; 2 branches, 5 other, 2 transfers; 2 loads, 1 branch, 1 other to enter the full blocks.
; args: columns (up to 256, or a multiple of 256), MRAM offsets of A, x, y, pairs of rows per
; tasklet, pairs left over (one more for each of the first tasklets). 1,024 bytes must be readable
; from every row and from x.
        .equ ROW, 0
        .equ X, 4
        .equ COLUMNS, 8
        .equ CACHE, 12
        .equ PAIRS, 16
        .equ Y, 20
        .equ ROWNOW, 24
        .equ POINTER, 28
        .equ XNOW, 32
        .equ RESULT, 40
        .equ FRAME, 48
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   call  r23, barrier
        move  r0, id
        move  r1, FRAME+2048
        call  r23, mul
        add   r22, r0, buffers          ; frame of the tasklet, its two caches behind it
        move  r0, id
        lw    r1, zero, args+16
        call  r23, mul
        lw    r4, zero, args+16
        lw    r5, zero, args+20
        jltu  id, r5, more
        add   r6, r0, r5, true, first
more:   add   r6, id, r0
        add   r4, r4, 1
first:  jz    r4, done                  ; r6: first pair, r4: number of pairs
        sw    r22, PAIRS, r4
        lw    r1, zero, args
        sw    r22, COLUMNS, r1
        lsl   r0, r1, 3                 ; bytes of a pair of rows
        move  r1, r6
        call  r23, mul
        lw    r1, zero, args+4
        add   r0, r0, r1
        sw    r22, ROW, r0
        lw    r0, zero, args+8
        sw    r22, X, r0
        lw    r0, zero, args+12
        lsl_add r0, r0, r6, 3
        sw    r22, Y, r0
        add   r0, r22, FRAME
        sw    r22, CACHE, r0

; Per pair of rows: 4 loads, 4 stores, 3 branches, 7 other, 1 transfer, and twice `row`.
pair:   add   r9, r22, RESULT
        sw    r9, 0, 0
        sw    r9, 4, 0
        move  r10, 0                    ; row of the pair
; Per row: 8 loads, 4 stores, 8 branches, 14 other, 2 transfers.
row:    lw    r12, r22, ROW
        lw    r13, r22, X
        lw    r11, r22, COLUMNS
        lw    r7, r22, CACHE
        add   r8, r7, 1024
        lsl_add r9, r22, r10, 2
        add   r9, r9, RESULT
        sw    r22, ROWNOW, r12
        move  r4, 0                     ; columns done
        jgtu  r10, 1, bad
        sub   r16, r11, 256
        jleu  r11, 256, tail
; To enter the full blocks: 2 loads, 1 branch, 1 other.
        lw    r12, r22, ROWNOW
        lw    r13, r22, X
        and   r17, r11, 255
        jnz   r17, bad
; Per full block: 4 loads, 2 branches, 5 other, 2 transfers.
full:   lw    r7, r22, CACHE
        add   r8, r7, 1024
        ldma  r7, r12, 127
        ldma  r8, r13, 127
        lw    r3, r9, 0
        move  r5, 0
loop:   lsl_add r14, r7, r5, 2
        lw    r0, r14, 0
        lsl_add r15, r8, r5, 2
        lw    r1, r15, 0
        call  r23, mul
        add   r3, r3, r0
        sw    r9, 0, r3
        add   r5, r5, 1
        jneq  r5, 256, loop
        lw    r17, r22, COLUMNS
        lw    r18, r22, ROWNOW
        add   r12, r12, 1024
        add   r13, r13, 1024
        add   r4, r4, 256
        jgeu  r4, r17, bad
        jltu  r4, r16, full
tail:   lw    r7, r22, CACHE
        sw    r22, POINTER, r7
        add   r8, r7, 1024
        ldma  r7, r12, 127
        ldma  r8, r13, 127
        sub   r6, r11, r4               ; columns left
        move  r5, 0
        jz    r6, bad
        jgtu  r6, 256, bad
last1:  jgtu  r5, 255, bad
        lw    r14, r22, POINTER
        lsl_add r14, r14, r5, 2
        lw    r0, r14, 0
        lsl_add r15, r8, r5, 2
        lw    r1, r15, 0
        call  r23, mul
        lw    r3, r9, 0
        add   r3, r3, r0
        sw    r9, 0, r3
        add   r5, r5, 1
        move  r17, r6
        jltu  r5, r17, last1
        lsl   r14, r11, 2               ; next row
        lw    r12, r22, ROW
        add   r12, r12, r14
        sw    r22, ROW, r12
        lw    r13, r22, X
        and   r15, r12, 7               ; rows of an odd number of columns are not supported
        jnz   r15, bad
        lw    r15, r22, COLUMNS
        sw    r22, XNOW, r13
        add   r10, r10, 1
        move  r17, r15
        move  r18, r13
        jz    r17, bad
        jgtu  r10, 2, bad
        jneq  r10, 2, row
        add   r14, r22, RESULT
        lw    r15, r22, Y
        sdma  r14, r15, 0
        add   r15, r15, 8
        sw    r22, Y, r15
        lw    r14, r22, PAIRS
        sub   r14, r14, 1
        sw    r22, PAIRS, r14
        lw    r16, r22, X
        lw    r17, r22, COLUMNS
        move  r18, r16
        lsl   r19, r17, 2
        jz    r17, bad
        jz    r14, done
        jump  pair
bad:    fault 1
done:   stop  true, done

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0, 0, 0, 0
arrived: .word 0
        .bss
        .balign 8
buffers: .space (48+2048)*NTASKLETS
